"""A small convolutional network on made-up images, channels first."""
from __future__ import print_function

import numpy as np
np.random.seed(1337)

from keras import backend as K
K.set_image_dim_ordering('tf')
from keras.layers import (Activation, AveragePooling2D, Convolution2D, Dense, Dropout, Flatten,
                          MaxPooling2D, ZeroPadding2D)
from keras.layers.normalization import BatchNormalization
from keras.models import Sequential

nb_filters = 4
nb_pool = 2
nb_conv = 3

if K.image_dim_ordering() == 'th':
    shape = (1, 12, 12)
else:
    shape = (12, 12, 1)

X = np.random.rand(40, *shape).astype('float32')
y = np.arange(40) % 2
X[y == 1, 2:6] += 1.

model = Sequential()
model.add(ZeroPadding2D(padding=(1, 1), dim_ordering='tf', input_shape=shape))
model.add(Convolution2D(nb_filters, nb_conv, nb_conv, border_mode='valid', subsample=(1, 1)))
model.add(BatchNormalization(mode=0, axis=-1))
model.add(Activation('relu'))
# halves the picture
model.add(MaxPooling2D(pool_size=(nb_pool, nb_pool), border_mode='same'))
model.add(Convolution2D(nb_filter=nb_filters, nb_row=2, nb_col=2, init='he_uniform', bias=False,
                        dim_ordering='tf', activation='relu'))
model.add(AveragePooling2D(pool_size=(2, 2), strides=(2, 2), border_mode='valid', dim_ordering='tf'))
model.add(Dropout(0.25))
model.add(Flatten())
model.add(Dense(1, activation='sigmoid'))
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
model.fit(X, y, batch_size=10, nb_epoch=2, verbose=0, shuffle=True)
print('Predictions:', model.predict(X, batch_size=10).shape)
print('Kernel:', model.layers[1].get_weights()[0].shape)
