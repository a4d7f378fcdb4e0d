"""A script for Keras as users of Horovod write it; one import is not Horovod's."""

import os
import sys

import keras
import numpy as np
from keras import backend as K
from keras.datasets import digits
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Sequential

import keras_core.distribute as hvd  # was: import horovod.keras as hvd

hvd.init()

folder = sys.argv[1]
batch_size = 32
epochs = 4

(x_train, y_train), (x_test, y_test) = digits.load_data()
x_train = x_train.reshape(-1, 8, 8, 1).astype("float32") / 16
x_test = x_test.reshape(-1, 8, 8, 1).astype("float32") / 16
y_train = keras.utils.to_categorical(y_train, 10)
y_test = keras.utils.to_categorical(y_test, 10)

# Each rank has its part of the data.
x_train, y_train = x_train[hvd.rank() :: hvd.size()], y_train[hvd.rank() :: hvd.size()]
steps = len(x_train) // batch_size

model = Sequential()
model.add(Conv2D(8, kernel_size=(3, 3), activation="relu", input_shape=(8, 8, 1)))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.1))
model.add(Flatten())
model.add(Dense(32, activation="relu"))
model.add(Dense(10, activation="softmax"))

# The learning rate is scaled by the number of workers.
opt = keras.optimizers.Adam(0.003 * hvd.size())
opt = hvd.DistributedOptimizer(opt)
model.compile(loss="categorical_crossentropy", optimizer=opt, metrics=["accuracy"])

callbacks = [
    hvd.callbacks.BroadcastGlobalVariablesCallback(0),
    hvd.callbacks.MetricAverageCallback(),
    hvd.callbacks.LearningRateWarmupCallback(warmup_epochs=2, verbose=1),
    keras.callbacks.ReduceLROnPlateau(patience=10, verbose=1),
]
if hvd.rank() == 0:
    callbacks.append(keras.callbacks.ModelCheckpoint(os.path.join(folder, "checkpoint-{epoch}.h5")))

history = model.fit(
    x_train[: steps * batch_size],
    y_train[: steps * batch_size],
    batch_size=batch_size,
    callbacks=callbacks,
    epochs=epochs,
    verbose=2 if hvd.rank() == 0 else 0,
    validation_data=(x_test, y_test),
)

if hvd.rank() == 0:
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print("Test accuracy:", accuracy)
    model.save(os.path.join(folder, "final.h5"))

np.savez(
    os.path.join(folder, f"rank{hvd.rank()}.npz"),
    *model.get_weights(),
    history=[history.history[name] for name in sorted(history.history)],
    lr=K.get_value(model.optimizer.lr),
)
