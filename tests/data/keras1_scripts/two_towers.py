"""Two inputs, joined in several ways."""
import numpy as np
from keras.layers import Dense, Dropout, Input, LSTM, merge
from keras.models import Model

np.random.seed(3)
a = np.random.rand(32, 6, 3)
b = np.random.rand(32, 4)
labels = (a.sum(axis=(1, 2)) > 9).astype('float32')

sequence = Input(shape=(6, 3), name='sequence')
extra = Input(shape=(4,), name='extra')

left = LSTM(4, inner_activation='hard_sigmoid')(sequence)
right = Dense(4, activation='tanh', init='glorot_normal')(extra)

total = merge([left, right], mode='sum')
both = merge([left, right, total], mode='concat', concat_axis=-1, name='both')
product = merge([left, right], mode='mul')
difference = merge([left, right], mode=lambda x: x[0] - x[1], output_shape=(4,))
near = merge([left, right], mode='dot', dot_axes=1)
hidden = merge([both, product, difference, near], mode='concat')

x = Dropout(p=0.1)(hidden)
main = Dense(1, activation='sigmoid', name='main')(x)
side = Dense(1, activation='sigmoid', name='side', W_regularizer='l2')(left)

model = Model(input=[sequence, extra], output=[main, side])
model.compile(optimizer='rmsprop', loss='binary_crossentropy', loss_weights=[1., 0.2])
model.fit([a, b], [labels, labels], nb_epoch=2, batch_size=8, verbose=0)
print('Inputs:', model.input_names, 'outputs:', model.output_names)
print('Predicted:', [p.shape for p in model.predict({'sequence': a, 'extra': b})])
