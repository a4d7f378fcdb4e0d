"""Branches that have inputs in common, several maps of which the largest counts, and a gate."""
import numpy as np
from keras.layers import Activation, Dense, Dropout, Embedding, Input, LSTM, Permute
from keras.layers import Highway, MaxoutDense, Merge
from keras.models import Model, Sequential

np.random.seed(4)
words, story_length, query_length = 12, 7, 4
stories = np.random.randint(0, words, (24, story_length))
queries = np.random.randint(0, words, (24, query_length))
answers = np.eye(words)[np.random.randint(0, words, 24)]

memory = Sequential()
memory.add(Embedding(input_dim=words, output_dim=6, input_length=story_length))
question = Sequential()
question.add(Embedding(input_dim=words, output_dim=6, input_length=query_length))
question.add(Dropout(p=0.1))

match = Sequential()
match.add(Merge([memory, question], mode='dot', dot_axes=[2, 2]))  # stories by queries
match.add(Activation('softmax'))
content = Sequential([Embedding(words, query_length, input_length=story_length)])
response = Sequential()
response.add(Merge([match, content], mode='sum'))
response.add(Permute((2, 1)))

answer = Sequential()
answer.add(Merge([response, question], mode='concat', concat_axis=-1))
answer.add(LSTM(8, inner_activation='hard_sigmoid'))
answer.add(MaxoutDense(6, nb_feature=3, init='he_normal'))
answer.add(Dense(words, activation='softmax'))
answer.compile('rmsprop', 'categorical_crossentropy', metrics=['accuracy'])
answer.fit([stories, queries, stories], answers, nb_epoch=1, batch_size=8, verbose=0)
print('Inputs:', len(answer.inputs), 'numbers:', answer.count_params())

x = Input(shape=(5,))
y = Highway(activation='tanh', W_regularizer='l2')(x)
gated = Model(input=x, output=Dense(1)(y))
gated.compile('sgd', 'mse')
gated.fit(np.random.rand(16, 5), np.random.rand(16), nb_epoch=1, verbose=0)
print('Predicted:', gated.predict(np.random.rand(3, 5)).shape, gated.count_params())
