"""Training on batches that a generator makes."""
import numpy as np
from keras.callbacks import EarlyStopping, ReduceLROnPlateau
from keras.layers.core import Dense as FullyConnected
from keras.models import Sequential
from keras.optimizers import SGD

np.random.seed(11)
weights = np.random.randn(5, 1)


class Batches(object):
    """Yields batches of one size without end."""

    def __init__(self, batch_size):
        self.batch_size = batch_size

    def __iter__(self):
        return self

    def next(self):
        x = np.random.randn(self.batch_size, 5)
        return x, x.dot(weights)

    __next__ = next


model = Sequential([
    FullyConnected(8, input_dim=5, activation='tanh', init='lecun_uniform'),
    FullyConnected(output_dim=1),
])
model.compile(SGD(lr=0.05, momentum=0.9, nesterov=True), 'mse')
train, held_out = Batches(16), Batches(8)
history = model.fit_generator(train, samples_per_epoch=64, nb_epoch=3, verbose=0,
                              callbacks=[EarlyStopping(patience=5),
                                         ReduceLROnPlateau(epsilon=0.001, patience=2)],
                              validation_data=held_out, nb_val_samples=4,
                              max_q_size=4, nb_worker=1, pickle_safe=False)
loss = model.evaluate_generator(held_out, val_samples=3, max_q_size=2)
predictions = model.predict_generator(train, val_samples=2)
print('Epochs:', len(history.history['val_loss']), 'loss falls:',
      history.history['loss'][-1] < history.history['loss'][0])
print('Predictions:', predictions.shape)
