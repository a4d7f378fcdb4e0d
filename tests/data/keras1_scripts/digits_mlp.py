"""Digits, read by two hidden layers."""

import numpy as np

np.random.seed(1337)  # for reproducibility

from keras.models import Sequential
from keras.layers.core import Dense, Dropout, Activation
from keras.optimizers import RMSprop
from keras.regularizers import l2, activity_l2
from keras.utils import np_utils

batch_size = 20
nb_classes = 3
nb_epoch = 4

# made-up digits: three patterns and noise
patterns = np.random.rand(nb_classes, 36)
y = np.arange(120) % nb_classes
X = (patterns[y] + 0.1 * np.random.randn(120, 36)).astype("float32")
X_train, X_test = X[:90], X[90:]
Y_train = np_utils.to_categorical(y[:90], nb_classes)
Y_test = np_utils.to_categorical(y[90:], nb_classes)

model = Sequential()
model.add(Dense(output_dim=24, input_dim=36, init="uniform"))  # the input layer
model.add(Activation("relu"))
model.add(Dropout(p=0.2))
model.add(Dense(24, init="he_normal", W_regularizer=l2(0.0001), activity_regularizer=activity_l2(0.00001)))
model.add(Activation("relu"))
model.add(Dense(nb_classes, bias=True, b_constraint="nonneg"))
model.add(Activation("softmax"))

model.compile(loss="categorical_crossentropy", optimizer=RMSprop(lr=0.01), metrics=["accuracy"])
history = model.fit(X_train, Y_train,
                    batch_size=batch_size, nb_epoch=nb_epoch,
                    verbose=0, validation_data=(X_test, Y_test))
score = model.evaluate(X_test, Y_test, verbose=0)
print("Test accuracy above chance:", bool(score[1] > 0.5))
print("Epochs:", len(history.epoch))
