"""Losses of one's own, random numbers in a model, and functions of the backend."""
import numpy as np
from keras import backend as K
from keras import objectives
from keras.constraints import MinMaxNorm
from keras.engine.training import slice_X
from keras.layers import AtrousConvolution2D, Dense, Input, Lambda
from keras.models import Model

np.random.seed(5)
batch_size, size, latent = 8, 10, 2
images = np.random.rand(32, size)

x = Input(batch_shape=(batch_size, size))
hidden = Dense(6, activation='relu', W_constraint=MinMaxNorm(low=0.1, high=2.))(x)
mean = Dense(latent)(hidden)
log_var = Dense(latent)(hidden)


def sampling(args):
    mean, log_var = args
    noise = K.random_normal(shape=(batch_size, latent), mean=0., std=1.)
    return mean + K.exp(log_var / 2) * noise


z = Lambda(sampling, output_shape=(latent,))([mean, log_var])
decoded = Dense(size, activation='sigmoid')(z)


def loss(y_true, y_pred):
    distance = size * objectives.binary_crossentropy(y_true, y_pred)
    return distance - 0.5 * K.sum(1 + log_var - K.square(mean) - K.exp(log_var), axis=-1)


model = Model(x, decoded)
model.compile(optimizer='rmsprop', loss=loss)
first, last = slice_X(images, 0, 16), slice_X(images, 16)
model.fit(first, first, nb_epoch=2, batch_size=batch_size, validation_data=(last, last), verbose=0)
print('Latent:', Model(x, mean).predict(images, batch_size=batch_size).shape)

dream = Input(batch_shape=(1, 8, 8, 3))
features = AtrousConvolution2D(4, 3, 3, atrous_rate=(2, 2), dim_ordering='tf', name='f')(dream)
shifted = K.expand_dims(features[:, 1:, :, :] - features[:, :3, :, :], dim=-1)
gradients = K.gradients(K.sum(K.square(shifted)), dream)
step = K.function([dream, K.learning_phase()], gradients)
print('Gradient:', step([np.random.rand(1, 8, 8, 3), 0])[0].shape, K.get_variable_shape(features))
