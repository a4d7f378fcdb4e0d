'''Sentences of numbered words, told apart by an LSTM.'''
import numpy as np
np.random.seed(7)

import keras.layers as L
from keras.layers.recurrent import GRU, LSTM
from keras.models import Sequential

max_features, maxlen = 30, 8

X = np.random.randint(1, max_features, (48, maxlen))
y = (X[:, -1] > 14).astype('int32')

model = Sequential()
model.add(L.Embedding(max_features, 6, input_length=maxlen, init='normal', W_constraint='maxnorm'))
model.add(LSTM(output_dim=5, inner_activation='hard_sigmoid', inner_init='orthogonal',
               forget_bias_init='one', dropout_W=0.1, dropout_U=0.1,  # try using a GRU instead
               return_sequences=True, consume_less='gpu'))
model.add(GRU(4, init='glorot_uniform', U_regularizer='l2', activation='tanh'))
model.add(L.Dense(1))
model.add(L.Activation('sigmoid'))

model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
model.fit(X, y, batch_size=16, nb_epoch=2, validation_split=0.25, verbose=0)
classes = model.predict_classes(X, verbose=0)
print('Classes:', classes.shape)
print('Weights:', [w.shape for w in model.layers[1].get_weights()])
