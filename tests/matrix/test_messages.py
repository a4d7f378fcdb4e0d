"""Beginners' mistakes and what is said to them: who, what was expected and given, what to do."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from keras_core import (
    backend,
    callbacks,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    regularizers,
    utils,
)

X = np.arange(24, dtype="float32").reshape(6, 4) / 24
Y = np.arange(12, dtype="float32").reshape(6, 2) / 12
LABELS = np.array([0, 1, 0, 1, 1, 0])
STEPS = np.zeros((6, 3, 2), "float32")
IMAGES = np.zeros((6, 8, 8), "float32")


def small(loss="mse", units=2, **how):
    model = models.Sequential([layers.Dense(units, input_shape=(4,), name="out")], name="small")
    model.compile("sgd", loss, **how)
    return model


def raw():
    return models.Sequential([layers.Dense(2, input_shape=(4,), name="out")], name="raw")


def fit(*data, **how):
    return small().fit(*data, verbose=0, **how)


def wide():
    """Made with the number of samples in the shape of one."""
    return models.Sequential([layers.Dense(2, input_shape=(6, 4))])


def cut():
    """The words are made whole numbers, which cuts the gradient off."""
    first, words = (
        layers.Dense(3, input_shape=(4,), name="first"),
        layers.Embedding(5, 2, name="words"),
    )
    model = models.Sequential([first, words, layers.Flatten(), layers.Dense(2)])
    model.compile("sgd", "mse")
    return model


def images(*last, loss="mse"):
    first = layers.Conv2D(2, 3, input_shape=(8, 8, 1), name="conv")
    model = models.Sequential([first, *last, layers.Dense(2, name="last")])
    model.compile("sgd", loss)
    return model


def stateful():
    first = layers.LSTM(2, stateful=True, batch_input_shape=(4, 3, 2))
    model = models.Sequential([first], name="stateful")
    model.compile("sgd", "mse")
    return model


class Forgets(layers.Layer):
    """Says nothing of its factor to a file."""

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor


class Short(callbacks.Callback):
    """Its hook lacks the logs."""

    def on_epoch_end(self, epoch):
        pass


class Steps(models.Model):
    """As for tf.keras, whose fit asks for the step."""

    def train_step(self, data):
        return {}


def remade(layer):
    known = {type(layer).__name__: type(layer)}
    return layers.deserialize(layers.serialize(layer), custom_objects=known)


def unfed_update():
    """The updates that belong to the model's own input, in a function of another one."""
    model = models.Sequential([layers.BatchNormalization(input_shape=(4,))])
    x = backend.placeholder((None, 4))
    return backend.function([x], [model(x)], updates=model.updates)


def batches():
    while True:
        yield X, Y


def ending():
    yield X, Y


# What is written, what comes of it, and the words that have to be in the message.
MISTAKES = [
    # Layers
    ("Dense('relu')", ValueError, "units positive integer 'relu'"),
    ("Dense(-3)", ValueError, "Dense units -3"),
    ("Dense(3.5)", ValueError, "units 3.5"),
    ("Dense(Input((3,)))", ValueError, "units call the layer on the tensor"),
    ("Dense(3, activation='ReLU')", ValueError, "'ReLU' Did you mean 'relu'"),
    ("Dense(3, activations='relu')", TypeError, "Dense 'activations' Did you mean 'activation'"),
    ("Dense(3, activations='relu')", TypeError, "'units', 'activation' 'input_shape'"),
    ("Dense(3, activation='gelu')", ValueError, "'gelu' newer than Keras 2.3.1 K.tanh"),
    ("Sequential([Input((4, 2)), LSTM(3)])", TypeError, "input_shape=(4, 2) InputLayer((4, 2))"),
    ("remade(Forgets(2))", TypeError, "Forgets ['factor'] get_config 'factor': self.factor"),
    ("K.gradients(K.sum(Input((4,))), [X])", TypeError, "K.gradients variable ndarray K.function"),
    ("K.gradients(3.0, [Input((4,))])", TypeError, "K.gradients loss 3.0 float"),
    ("K.variable(1.0).assign(2.0)", AttributeError, "assign K.set_value(x, value) K.update"),
    ("K.eval(Input((4,)) * 2.0)", ValueError, "not among the inputs K.function([x], predict"),
    ("K.placeholder(3)", TypeError, "K.placeholder 3 tuple (None, 3)"),
    ("Dense(2).set_weights([X])", ValueError, "dense_1 0 weights before it is built: call it"),
    ("unfed_update()", ValueError, "moving_mean placeholder get_updates_for(inputs)"),
    ("Dense(3, input_shap=(3,))", TypeError, "'input_shap' Did you mean 'input_shape'"),
    ("Dense(3, input_shape=8)", TypeError, "Dense input_shape 8 tuple input_shape=(8,)"),
    ("Dense(3, input_shape='8')", TypeError, "Dense input_shape '8' tuple"),
    ("Dense(3, input_shape=(8.0,))", TypeError, "input_shape (8.0,) whole numbers"),
    ("Dense(3, kernel_initializer='glorot')", ValueError, "'glorot' mean 'glorot_normal'"),
    ("Dense(3, kernel_regularizer=0.01)", ValueError, "regularizer 0.01 float name"),
    ("Dense(3)(Dense(4))", ValueError, "dense_1 called on a Dense tensor Call Dense itself"),
    ("Dense(3)(X)", ValueError, "dense_1 ndarray Input(shape=...) Model.predict"),
    ("Dense(3)(None)", ValueError, "dense_1 NoneType Input(shape=...)"),
    ("Dense(3)([Input((4,)), Input((4,))])", ValueError, "dense_1 expects 1 2 tensor(s)"),
    ("Activation('sofmax')", ValueError, "'sofmax' Did you mean 'softmax'"),
    ("Dropout(50)", ValueError, "Dropout rate fraction 50 rate=0.5"),
    ("Dropout(-0.1)", ValueError, "Dropout rate -0.1"),
    ("Dropout('0.5')", TypeError, "Dropout rate number '0.5'"),
    ("SpatialDropout1D(20)", ValueError, "SpatialDropout1D rate 20"),
    ("GaussianDropout(5)", ValueError, "GaussianDropout rate 5"),
    ("AlphaDropout(5)", ValueError, "AlphaDropout rate 5"),
    ("LSTM(3, dropout=50)", ValueError, "LSTMCell dropout 50 dropout=0.5"),
    ("GRU(3, recurrent_dropout=-1)", ValueError, "GRUCell recurrent_dropout -1"),
    ("Bidirectional(Dense(3))", ValueError, "Bidirectional recurrent dense_1 (Dense) LSTM(32)"),
    ("Bidirectional(LSTM)", AttributeError, "Bidirectional LSTM Bidirectional(LSTM(32))"),
    ("TimeDistributed(Dense)", AttributeError, "TimeDistributed(Dense(32))"),
    ("TimeDistributed(Dense(3))(Input((4,)))", ValueError, "min_ndim=3 (None, 4) steps, features"),
    ("LSTM(3)(LSTM(4)(Input((5, 2))))", ValueError, "lstm_2 ndim=3 (None, 4) lstm_1 return_seq"),
    ("LSTM(3)(Input((5,)))", ValueError, "lstm_1 (None, 5) (batch, steps, features)"),
    ("Conv2D(8, 3)(Input((28, 28)))", ValueError, "conv2d_1 ndim=4 (None, 28, 28) channels"),
    (
        "Conv2D(8, 9)(Input((4, 4, 1)))",
        ValueError,
        "of 9 axis 1 (None, 4, 4, 1) 'same'",
    ),
    ("Conv2D(8, 3)(Input((1, 8, 8)))", ValueError, "(None, 1, 8, 8) data_format='channels_first'"),
    (
        "Conv1D(8, 3)(Input((1, 8)))",
        ValueError,
        "conv1d_1 (None, 1, 8) channels_first",
    ),
    ("Conv3D(8, 3)(Input((1, 8, 8, 8)))", ValueError, "(None, 1, 8, 8, 8) 'channels_first'"),
    ("SeparableConv2D(8, 3)(Input((1, 8, 8)))", ValueError, "(None, 1, 8, 8) 'channels_first'"),
    (
        "MaxPooling1D(2)(Input((1, 8)))",
        ValueError,
        "max_pooling1d_1 (None, 1, 8) axis 1",
    ),
    ("MaxPooling2D(2)(Input((1, 8, 8)))", ValueError, "(None, 1, 8, 8) 'channels_first'"),
    (
        "Conv2D(8, 3, data_format='channels_first')(Input((8, 8, 1)))",
        ValueError,
        "axis 3 (None, 8, 8, 1) data_format='channels_last'",
    ),
    (
        "LocallyConnected1D(8, 3)(Input((1, 8)))",
        ValueError,
        "(None, 1, 8) Permute((2, 1))",
    ),
    (
        "LocallyConnected2D(8, 3)(Input((1, 8, 8)))",
        ValueError,
        "(None, 1, 8, 8) Permute((2, 3,",
    ),
    ("K.dot(Input((4,)), K.ones((3, 5)))", ValueError, "axis 1 first (4) axis 0 second (3) equal"),
    ("Conv2D(8, 3, padding='smae')", ValueError, "padding 'valid' 'same' 'smae'"),
    ("Conv2D(8, (3, 3, 3))", ValueError, "kernel_size 2 ints (3, 3, 3)"),
    ("Conv2D(8, 3, data_format='last')", ValueError, "data_format 'channels_last' 'last'"),
    ("Conv2D(8, 3, stride=2)", TypeError, "Conv2D 'stride' Did you mean 'strides'"),
    ("Conv2D(8, 3, strides=0)", ValueError, "strides at least 1 0"),
    ("Conv2D(8, 0)", ValueError, "kernel_size at least 1 0"),
    ("MaxPooling2D(0)", ValueError, "MaxPooling2D pool_size 0"),
    ("TimeDistributed(Conv2D(2, 3))(Input((8, 8, 1)))", ValueError, "conv2d_1 4 axes (None, 8, 1)"),
    ("LSTM(3, return_sequence=True)", TypeError, "LSTM 'return_sequence' 'return_sequences'"),
    ("BatchNormalization(axis='relu')", TypeError, "BatchNormalization axis integer 'relu'"),
    ("BatchNormalization(1)", TypeError, "BatchNormalization none by position (1,) by name"),
    ("Dense(3, 'relu')", TypeError, "Dense ['units'] by position (3, 'relu') by name"),
    ("BatchNormalization(mode=2)", TypeError, "BatchNormalization mode=2 batch in testing"),
    ("Permute(2)", TypeError, "permute_1 dims 2 (2,)"),
    ("Dense(3)(Input(()))", ValueError, "dense_1 (None,) Input(shape=(1,))"),
    ("Flatten()(Input((4,)))", ValueError, "flatten_1 (None, 4) can be left out"),
    ("Flatten(Input((4,)))", ValueError, "data_format tensor called on"),
    ("Reshape(3)", TypeError, "reshape_1 target_shape 3 (3,)"),
    ("Reshape((3, 3))(Input((4,)))", ValueError, "reshape_1 (4,) 4 elements (3, 3)"),
    ("Concatenate()(Input((3,)))", ValueError, "concatenate_1 list of at least 2 (None, 3)"),
    ("Add()([Input((3,)), Input((4,))])", ValueError, "add_1 (3,) (4,)"),
    ("Input(8)", TypeError, "Input shape 8 shape=(8,)"),
    ("Input((None, 'a'))", TypeError, "Input shape 'a' whole numbers None"),
    ("Lambda('x + 1')", TypeError, "lambda_1 function 'x + 1' Lambda(lambda"),
    ("Lambda(lambda x: None)(Input((3,)))", ValueError, "lambda_1 None return statement"),
    # Tensors
    ("np.log(Input((4,)))", TypeError, "np.log input_1 K.log(x) import backend as K"),
    ("np.abs(Input((4,)))", TypeError, "np.absolute K.abs(x)"),
    ("np.arctan(Input((4,)))", TypeError, "np.arctan functions of K"),
    ("np.sum(Input((4,)))", TypeError, "np.sum K.sum(x)"),
    ("np.max(Input((4,)))", TypeError, "np.max K.max(x)"),
    ("np.mean(Input((4,)))", TypeError, "input_1 symbolic K.mean"),
    ("Lambda(np.exp)(Input((3,)))", TypeError, "np.exp K.exp(x)"),
    ("Input((4,)).reshape((2, 2))", AttributeError, "'reshape' K.reshape(x, shape)"),
    ("Input((4,)).mean()", AttributeError, "'mean' K.mean(x)"),
    ("Input((4,)).T", AttributeError, "'T' K.transpose(x)"),
    ("Input((4,)).numpy()", AttributeError, "'numpy' K.eval(x)"),
    ("Input((4,)).nosuch", AttributeError, "Placeholder 'nosuch'"),
    ("bool(Input((4,)))", TypeError, "input_1 truth value K.switch"),
    ("len(Input((4,)))", TypeError, "input_1 length K.shape(x)[0]"),
    # Models
    ("Sequential(Dense(3))", TypeError, "list of layers dense_1 Sequential([first, second])"),
    ("Sequential(3)", TypeError, "list of layers 3 Sequential([first, second])"),
    ("Sequential('dense')", TypeError, "list of layers 'dense' Sequential([first, second])"),
    ("Model(inputs=3)", TypeError, "more than inputs Model(inputs=..., outputs=...)"),
    ("layers.Conv2d(3, 3)", AttributeError, "'Conv2d' Did you mean 'Conv2D'"),
    ("layers.lstm(3)", AttributeError, "'lstm' Did you mean 'LSTM'"),
    ("optimizers.adamm()", AttributeError, "'adamm' Did you mean 'adam'"),
    ("callbacks.EarlyStoping()", AttributeError, "'EarlyStoping' mean 'EarlyStopping'"),
    ("losses.MeanSquaredEror()", AttributeError, "'MeanSquaredEror' mean 'MeanSquaredError'"),
    ("models.load_mode('m.h5')", AttributeError, "'load_mode' mean 'load_model'"),
    ("regularizers.L2(0.1)", AttributeError, "'L2' Did you mean 'l2'"),
    ("K.relue(Input((4,)))", AttributeError, "'relue' Did you mean 'relu'"),
    ("utils.to_categoric([1])", AttributeError, "'to_categoric' mean 'to_categorical'"),
    ("Sequential([Dense])", TypeError, "class Dense(...)"),
    ("Sequential([Input((3,))])", TypeError, "Placeholder Model(inputs, outputs)"),
    ("Model(Input((3,)))", TypeError, "more than inputs Model(inputs=..., outputs=...)"),
    ("Model(input=Input((3,)), inputs=3)", TypeError, "Model both input and inputs"),
    ("Model(Input((3,)), Dense(2))", ValueError, "output tensor 'dense_1' call the layer"),
    ("raw().fit(X, Y)", RuntimeError, "raw not compiled model.compile(optimizer, loss)"),
    ("raw().compile('adm', 'mse')", ValueError, "optimizer 'adm' Did you mean 'adam'"),
    ("raw().compile(Adam, 'mse')", ValueError, "optimizer Adam Adam()"),
    ("small('mean_square_error')", ValueError, "loss Did you mean 'mean_squared_error'"),
    ("small(np.mean)", ValueError, "loss np.mean y_true K.mean 'mae'"),
    ("small(metrics=[np.mean])", ValueError, "metric np.mean y_true and y_pred K.mean"),
    ("small(metrics='accuracy')", TypeError, "metrics 'accuracy' metrics=['accuracy']"),
    ("small(metrics=['acuracy'])", ValueError, "'acuracy' Did you mean 'accuracy'"),
    ("small(metric=['accuracy'])", ValueError, "small 'metric' Did you mean 'metrics'"),
    ("SGD(learn_rate=0.1)", TypeError, "SGD 'learn_rate' Did you mean 'learning_rate'"),
    ("Adam(lr='0.1')", ValueError, "Adam learning_rate '0.1'"),
    ("small().get_layer('on')", ValueError, "small 'on' ['out']"),
    ("small().save('nodir/m.h5')", FileNotFoundError, "no folder 'nodir' m.h5 os.makedirs"),
    ("small().save_weights('nodir/m.h5')", FileNotFoundError, "no folder 'nodir' os.makedirs"),
    ("models.load_model('nosuch.h5')", FileNotFoundError, "no file nosuch.h5"),
    # Data
    (
        "fit(X, Y, show_accuracy=True)",
        TypeError,
        "'show_accuracy' metrics=['accuracy'] compile",
    ),
    ("small(class_mode='binary')", ValueError, "compile 'class_mode' Leave it out predict_classes"),
    ("fit(X, Y, validation_batch_size=2)", TypeError, "fit batch_size holds for the validation"),
    ("small(run_eagerly=True)", ValueError, "small 'run_eagerly' Leave it out program()"),
    ("fit(X, Y, epoch=1)", TypeError, "fit 'epoch' Did you mean 'epochs'"),
    ("fit(X, Y, batchsize=1)", TypeError, "fit 'batchsize' Did you mean 'batch_size'"),
    ("fit(X, Y, metrics=['mae'])", TypeError, "fit 'metrics' argument of compile"),
    ("small(epochs=3)", ValueError, "compile 'epochs' argument of fit"),
    ("fit(X, Y, batch_size=0)", ValueError, "batch_size 0 at least 1"),
    ("fit(X, Y, batch_size='2')", TypeError, "batch_size '2' str int"),
    ("fit(X, Y, epochs='3')", TypeError, "epochs '3' str int"),
    ("fit(X, Y, epochs=1.5)", TypeError, "epochs 1.5 float int"),
    ("fit(X, Y, validation_split=20)", ValueError, "validation_split 20 fraction between 0 and 1"),
    ("fit(X, Y, validation_split=0.9)", ValueError, "validation_split=0.9 all of the 6 samples"),
    ("fit(X[:0], Y[:0])", ValueError, "input no samples (0, 4)"),
    ("fit(X, Y, validation_data=X)", ValueError, "validation_data (x, y) ndarray (x_val, y_val)"),
    ("fit(X, Y, validation_data=(X,))", ValueError, "validation_data (x, y) 1 entries"),
    ("fit(X, Y, validation_data=(X[:, :3], Y))", ValueError, "validation_data (None, 4) (6, 3)"),
    ("fit(X, Y, validation_data=(X, Y[:3]))", ValueError, "validation_data 6 3"),
    ("fit(X, Y, class_weight='balanced')", ValueError, "class_weight 'balanced' {0: 1.0, 1: 2.0}"),
    ("fit(X, Y, class_weight=[1, 2])", ValueError, "class_weight [1, 2] dict(enumerate(weights))"),
    ("fit(X, Y, class_weight={'0': 1, '1': 2})", ValueError, "class_weight [1] '0' ints"),
    ("fit(X, Y, sample_weight='balanced')", ValueError, "sample_weight str array class_weight"),
    ("fit(X, Y, callbacks=[EarlyStopping])", TypeError, "class EarlyStopping EarlyStopping()"),
    ("fit(X, Y, callbacks=EarlyStopping())", TypeError, "callbacks EarlyStopping list"),
    ("fit(X, Y, callbacks=[print])", AttributeError, "print callbacks Callback LambdaCallback("),
    ("fit(X.tolist(), Y)", ValueError, "1 input 6 were list in a list np.array(x)"),
    ("fit(list(X), Y)", ValueError, "1 input 6 were list of samples np.array(x)"),
    ("fit((X, Y))", ValueError, "1 input 2 were apart: fit(x, y)"),
    ("fit([X, X[:, :2], Y], Y)", ValueError, "1 input 3 were filled up to one shape"),
    ("fit(X, Y.tolist())", ValueError, "1 target 6 were list in a list np.array(y)"),
    ("fit(X, list('abcdef'))", ValueError, "target 'out' <U1 numbers 'a' np.unique"),
    ("small().predict([[1.0, 2, 3, 4]])", ValueError, "(None, 4) (4, 1) in a list np.array(x)"),
    ("fit('data.csv', Y)", ValueError, "out_input str NumPy array read first"),
    ("fit(batches, steps_per_epoch=1)", ValueError, "out_input function called batches()"),
    ("fit(batches())", ValueError, "generator steps_per_epoch Sequence"),
    ("fit(batches(), steps_per_epoch=1, validation_split=0.2)", ValueError, "give validation_data"),
    ("small().fit_generator(X, 1)", ValueError, "generator Sequence ndarray fit"),
    ("small().fit_generator(ending(), 3, verbose=0)", StopIteration, "1 batches 3 while True"),
    ("small().fit_generator((X for _ in X), 1)", ValueError, "tuples (x, y) ndarray of 6"),
    ("fit(np.array(list('abcdef')), Y)", ValueError, "out_input <U1 numbers 'a' np.unique"),
    ("fit(X)", ValueError, "targets 'out' pass y"),
    ("fit(X, Y[:4])", ValueError, "number of samples 6 input 4 target"),
    ("small().predict(X[0])", ValueError, "out_input (None, 4) (4, 1) single sample (1, 4)"),
    ("small().predict(X[:, :3])", ValueError, "out_input (None, 4) (6, 3) input_shape=(3,)"),
    ("small().predict(X, batch_size=0)", ValueError, "batch_size 0"),
    ("small().predict({'x': X})", ValueError, "lacks ['out_input'] keys are ['x']"),
    ("images(Flatten()).fit(IMAGES, Y)", ValueError, "conv_input (None, 8, 8, 1) (-1, 8, 8, 1)"),
    ("images(Flatten()).predict(IMAGES[0])", ValueError, "conv_input single sample (1, 8, 8, 1)"),
    ("images().fit(IMAGES[..., None], Y)", ValueError, "'last' (None, 6, 6, 2) (6, 2) Flatten()"),
    (
        "images(loss='sparse_categorical_crossentropy').fit(IMAGES[..., None], LABELS)",
        ValueError,
        "'last' (None, 6, 6, 1) (6, 1) Flatten()",
    ),
    ("small().fit(X, LABELS)", ValueError, "same shape 'out' (None, 2) (6, 1) last layer unit"),
    ("small().fit(X, X[:, :1])", ValueError, "(None, 2) (6, 1) many units as the targets have: 1"),
    ("small().fit(X, LABELS)", ValueError, "sparse_categorical_crossentropy to_categorical(y, 2)"),
    ("small('mae').fit(X, LABELS)", ValueError, "sparse_categorical_crossentropy single unit"),
    ("small('binary_crossentropy').fit(X, LABELS)", ValueError, "sparse_categorical_crossentropy"),
    ("wide().predict(X)", ValueError, "x[None] 6 samples input_shape=(4,) without the batch"),
    ("wide().predict(X[:3])", ValueError, "3 samples input_shape=(4,) without the batch"),
    ("cut().fit(X, Y)", ValueError, "first/kernel cast layer 'words' Embedding trainable=False"),
    (
        "Flatten()(Masking()(Input((3, 4))))",
        TypeError,
        "flatten_1 (Flatten) masking LSTM mask=lambda x, mask: None Masking mask_zero=True",
    ),
    (
        "small('categorical_crossentropy').fit(X, LABELS)",
        ValueError,
        "(6, 1) 'out' (None, 2) to_categorical(y) sparse_categorical_crossentropy",
    ),
    (
        "small('sparse_categorical_crossentropy').fit(X, Y)",
        ValueError,
        "sparse_categorical_crossentropy 'out' (None, 1) (6, 2) categorical_crossentropy argmax",
    ),
    ("to_categorical([0, 5], 3)", IndexError, "label 5 num_classes=3 num_classes=6"),
    ("to_categorical([-1, 1])", IndexError, "label -1 negative (y + 1) // 2"),
    ("to_categorical(['a', 'b'])", ValueError, "'a' integer labels np.unique"),
    # Callbacks
    (
        "fit(X, Y, callbacks=[ModelCheckpoint('nodir/m.h5')])",
        FileNotFoundError,
        "no folder 'nodir' m.h5 os.makedirs",
    ),
    ("fit(X, Y, callbacks=[CSVLogger('nodir/m.csv')])", FileNotFoundError, "no folder 'nodir'"),
    (
        "small(metrics=['acc']).fit(X, Y, verbose=0, callbacks=[ModelCheckpoint('{val_acc}.h5')])",
        KeyError,
        "ModelCheckpoint {val_acc}.h5 'val_acc' epoch, loss, acc Did you mean 'acc'",
    ),
    ("EarlyStopping(['val_loss'])", TypeError, "EarlyStopping monitor ['val_loss'] one value"),
    ("EarlyStopping(patience='3')", TypeError, "EarlyStopping patience '3' number"),
    ("small().fit_generator(Sequence)", TypeError, "Sequence is a class object"),
    ("LearningRateScheduler(0.1)", TypeError, "schedule 0.1 function of the epoch lambda"),
    # Options of layers
    ("Dense(3, use_bias='no')", TypeError, "Dense dense_1 `use_bias` True or False 'no'"),
    ("LSTM(3, return_sequences='yes')", TypeError, "LSTM `return_sequences` True False 'yes'"),
    ("GRU(3, stateful='no')", TypeError, "GRU `stateful` True or False 'no'"),
    ("Embedding(9, 3, mask_zero='no')", TypeError, "Embedding `mask_zero` True or False 'no'"),
    ("BatchNormalization(center='no')", TypeError, "BatchNormalization `center` True or False"),
    ("BatchNormalization(momentum='x')", TypeError, "BatchNormalization `momentum` number 'x'"),
    ("BatchNormalization(epsilon=None)", TypeError, "BatchNormalization `epsilon` number None"),
    ("Dense(3, trainable='no')", TypeError, "dense_1 trainable 'no' True or False"),
    ("Dense(3, dtype='float33')", TypeError, "'float33' dtype float32"),
    ("Dense(3, input_shape=(-4,))", ValueError, "Dense input_shape (-4,) negative None"),
    ("Dense(3, input_dim='4')", TypeError, "Dense input_shape ('4',) whole numbers"),
    ("Dense(3, input_shape=(4,), batch_size='2')", TypeError, "Dense batch_size '2' whole"),
    ("Dense(3, batch_input_shape=(None, -4))", ValueError, "Dense batch_input_shape -4 negative"),
    ("Dense('3')", ValueError, "Dense `units` positive integer '3' units=32"),
    ("Input((-1,))", ValueError, "Input shape (-1,) negative None"),
    ("Input(batch_shape=4)", TypeError, "Input batch_shape 4 tuple (4,)"),
    ("Input((4,), dtype='float33')", TypeError, "'float33' dtype float32"),
    ("Input((4,), tensor=X)", ValueError, "InputLayer tensor array fit predict"),
    ("Reshape((None, 2))", ValueError, "reshape_1 `target_shape` (None, 2) -1"),
    ("Reshape((-2, 2))", ValueError, "reshape_1 `target_shape` (-2, 2) at least 0"),
    ("Reshape((2.5,))", TypeError, "reshape_1 target_shape (2.5,) whole numbers"),
    ("Permute((0, 1))", ValueError, "permute_1 `dims` each of 1 to 2 (0, 1)"),
    ("RepeatVector('3')", ValueError, "RepeatVector `n` positive integer '3'"),
    ("Dropout(0.5, noise_shape=3)", TypeError, "Dropout noise_shape 3 tuple (3,)"),
    ("GaussianNoise('a')", TypeError, "GaussianNoise `stddev` number 'a'"),
    ("LeakyReLU('a')", TypeError, "LeakyReLU `alpha` number 'a'"),
    ("ReLU(negative_slope=-1)", ValueError, "ReLU `negative_slope` at least 0 -1"),
    ("ReLU('relu')", TypeError, "ReLU `max_value` number 'relu'"),
    ("Conv1D(None, 3)", ValueError, "Conv1D `filters` positive integer None"),
    ("Conv1D(8, 3, strides=0)", ValueError, "Conv1D layer 'conv1d_1' `strides` at least 1 0"),
    ("Conv3D(8, 3, dilation_rate=0)", ValueError, "Conv3D `dilation_rate` at least 1 0"),
    ("Conv2DTranspose(8, 3, strides=-1)", ValueError, "Conv2DTranspose `strides` at least 1 -1"),
    (
        "Conv2DTranspose(8, 3, strides=2, output_padding=-1)",
        ValueError,
        "Conv2DTranspose output_padding=(-1, -1) at least 0 stride",
    ),
    ("SeparableConv1D(8, 3, padding='sane')", ValueError, "SeparableConv1D `padding` 'sane'"),
    ("SeparableConv2D(8, 3, depth_multiplier=0)", ValueError, "SeparableConv2D multiplier` 0"),
    ("DepthwiseConv2D(3, depth_multiplier=1.5)", ValueError, "DepthwiseConv2D multiplier` 1.5"),
    ("LocallyConnected1D(8, 0)", ValueError, "LocallyConnected1D `kernel_size` at least 1 0"),
    ("ConvLSTM2D(8, 3, padding='causal')", ValueError, "ConvLSTM2DCell `padding` 'causal'"),
    ("MaxPooling1D(2, padding='full')", ValueError, "MaxPooling1D `padding` 'valid' 'full'"),
    ("AveragePooling3D(2, strides=0)", ValueError, "AveragePooling3D `strides` at least 1 0"),
    ("UpSampling1D(0)", ValueError, "UpSampling1D `size` at least 1 0"),
    ("UpSampling1D(1.5)", ValueError, "UpSampling1D `size` int 1.5"),
    ("UpSampling2D((2, 0))", ValueError, "UpSampling2D `size` at least 1 (2, 0)"),
    ("ZeroPadding2D(1.5)", ValueError, "ZeroPadding2D `padding` int 1.5"),
    ("Cropping1D((1, 2, 3))", ValueError, "Cropping1D `cropping` 2 ints (1, 2, 3)"),
    ("RNN(LSTM(3))", ValueError, "RNN cell lstm_1 `state_size` LSTMCell(...)"),
    ("RNN(LSTMCell)", ValueError, "RNN LSTMCell is a class LSTMCell(32)"),
    ("Lambda(lambda x, y: x)(Input((3,)))", TypeError, "lambda_1 input `arguments` 'y'"),
    ("Lambda(lambda x: x, arguments=3)", TypeError, "lambda_1 `arguments` dictionary 3"),
    ("Lambda(lambda x: 3)(Input((3,)))", ValueError, "lambda_1 returned 3 tensor K.constant"),
    ("Dense(3, kernel_regularizer=regularizers.l2)", ValueError, "l2 regularizer call it l2(0.01)"),
    ("Dense(3, kernel_initializer=X)", ValueError, "initializer array ndarray expected the name"),
    # compile
    ("small(lambda: 3)", TypeError, "loss '<lambda>' y_true y_pred too many positional"),
    ("small(lambda t, p: None)", ValueError, "loss '<lambda>' None tensor return statement"),
    ("small(lambda t, p: 3)", ValueError, "loss '<lambda>' 3 tensor"),
    ("small(metrics=[lambda t: t])", TypeError, "metric '<lambda>' y_true and y_pred"),
    ("small(metrics=[lambda t, p: None])", ValueError, "metric '<lambda>' None return"),
    ("small(loss_weights=['a'])", TypeError, "loss weight 'out' 'a' number"),
    ("small(loss_weights={'out': None})", ValueError, "loss weight 'out' None number"),
    ("SGD(None)", TypeError, "SGD `learning_rate` number None"),
    ("SGD(clipnorm=-1)", ValueError, "SGD `clipnorm` not negative -1"),
    ("Adam(epsilon='a')", TypeError, "epsilon number 'a'"),
    ("losses.BinaryCrossentropy(label_smoothing=5)", ValueError, "label_smoothing at most 1 5"),
    ("metrics.TopKCategoricalAccuracy(0)", ValueError, "k at least 1 0"),
    ("metrics.MeanIoU('a')", TypeError, "MeanIoU `num_classes` whole number 'a'"),
    ("metrics.Precision(thresholds='a')", TypeError, "Thresholds [0, 1] 'a'"),
    # Runs
    ("fit(X, Y, validation_split='0.2')", TypeError, "validation_split '0.2' fraction 0.2"),
    (
        "fit(X, Y, validation_data=(X, Y), validation_freq='a')",
        TypeError,
        "validation_freq 'a' int list of epochs",
    ),
    ("fit(X, Y, validation_data=(X, Y), validation_freq=0)", ValueError, "validation_freq 0"),
    ("fit(batches(), steps_per_epoch=1, workers='2')", TypeError, "workers '2' str int"),
    ("fit(batches(), steps_per_epoch=1, max_queue_size='2')", TypeError, "max_queue_size '2' int"),
    ("small().evaluate(batches(), steps=0)", ValueError, "steps 0 at least 1"),
    ("small().predict(X, steps=0)", ValueError, "steps 0 at least 1"),
    ("fit(iter([None]), steps_per_epoch=1)", ValueError, "list_iterator fit_generator"),
    (
        "small().fit_generator(iter([None]), 1, verbose=0)",
        ValueError,
        "(x, y) None yield __getitem__ return",
    ),
    ("small().fit_generator(batches, 1)", TypeError, "iterator Call it: batches()"),
    ("small().fit_generator(None, 1)", TypeError, "None is not an iterator Sequence"),
    ("small().predict_generator(iter([None]), 1)", ValueError, "x (x, y) None"),
    ("fit(X, Y, sample_weight={'x': 1})", ValueError, "sample_weight dict names of outputs"),
    ("fit(X, Y, sample_weight=1)", ValueError, "sample_weight 1 weight for each sample"),
    ("fit(X, Y, sample_weight=np.array(['a'] * 6))", ValueError, "sample_weight <U1 'a'"),
    ("fit(X, Y, class_weight={0: 'a', 1: 'b'})", ValueError, "class_weight 'b' class 1 number"),
    (
        "small(sample_weight_mode='temporal').fit(X, Y)",
        ValueError,
        "sample_weight_mode='temporal' (batch, steps, features) (6, 2)",
    ),
    ("stateful().train_on_batch(STEPS, Y)", ValueError, "stateful 4 samples 6"),
    ("stateful().test_on_batch(STEPS, Y)", ValueError, "stateful 4 samples 6"),
    ("stateful().predict_on_batch(STEPS)", ValueError, "stateful 4 samples 6"),
    ("stateful().predict_generator(iter([STEPS]), 1)", ValueError, "stateful 4 samples 6"),
    ("stateful().fit_generator(iter([(STEPS, Y)]), 1)", ValueError, "stateful 4 samples 6"),
    ("to_categorical([None])", TypeError, "integer labels NoneType"),
    ("to_categorical([])", ValueError, "no labels num_classes"),
    ("to_categorical([0, 1], '3')", TypeError, "num_classes '3' int"),
    ("to_categorical([0, 1], -1)", ValueError, "num_classes -1 int"),
    # Options of callbacks
    ("EarlyStopping(patients=3)", TypeError, "EarlyStopping 'patients' mean 'patience' monitor,"),
    ("ReduceLROnPlateau(patients=3)", TypeError, "ReduceLROnPlateau 'patients' mean 'patience'"),
    ("ModelCheckpoint('a.h5', save_best=1)", TypeError, "'save_best' mean 'save_best_only'"),
    ("CSVLogger('a.csv', seperator=';')", TypeError, "CSVLogger 'seperator' mean 'separator'"),
    ("TensorBoard(logdir='a')", TypeError, "TensorBoard 'logdir' Did you mean 'log_dir'"),
    ("History(x=1)", TypeError, "History keyword 'x' takes none"),
    ("fit(X, Y, callbacks=[Short()])", TypeError, "Short.on_epoch_end epoch and logs logs=None"),
    (
        "fit(X, Y, callbacks=[LambdaCallback(on_train_begin=lambda: None)])",
        TypeError,
        "LambdaCallback.on_train_begin logs=None",
    ),
    ("EarlyStopping(min_delta='a')", TypeError, "EarlyStopping min_delta number 'a'"),
    ("EarlyStopping(baseline='a')", TypeError, "EarlyStopping baseline number 'a'"),
    ("ModelCheckpoint(3)", TypeError, "ModelCheckpoint filepath 3 path"),
    ("ModelCheckpoint('w.h5', period='a')", TypeError, "ModelCheckpoint period number 'a'"),
    ("ModelCheckpoint('{epoch.h5')", ValueError, "ModelCheckpoint {epoch.h5 braces {epoch:02d}"),
    ("ReduceLROnPlateau(factor=-1)", ValueError, "ReduceLROnPlateau factor at least 0 -1"),
    ("ReduceLROnPlateau(patience='a')", TypeError, "ReduceLROnPlateau patience number 'a'"),
    ("CSVLogger(3)", TypeError, "CSVLogger filename 3 path"),
    ("CSVLogger('a.csv', separator=';;')", TypeError, "CSVLogger separator ';;' one character"),
    ("LambdaCallback(on_epoch_end=3)", TypeError, "LambdaCallback on_epoch_end 3 function"),
    (
        "LambdaCallback(on_epoch=print)",
        TypeError,
        "LambdaCallback 'on_epoch' never called 'on_epoch_end'",
    ),
]

# What goes on, and is spoken of.
WARNINGS = [
    (
        "models.Sequential([Forgets(2, input_shape=(4,))]).to_json()",
        "forgets_1 (Forgets) ['factor'] get_config 'factor': self.factor",
    ),
    ("Steps().compile('sgd', 'mse')", "Steps ['train_step'] not called add_loss K.function"),
    ("to_categorical([0.5, 1.0])", "to_categorical integer labels 0.5 point"),
    (
        "small('sparse_categorical_crossentropy').fit(X, LABELS + 0.5, verbose=0)",
        "'out' label 0.5 point whole numbers",
    ),
    ("small(sample_weight_mode='word')", "sample_weight_mode 'out' 'word' None 'temporal'"),
    (
        "Dense(3, activation=LeakyReLU())",
        "LeakyReLU activation trains no weights activation=None LeakyReLU(...)",
    ),
    ("fit(X * np.nan, Y)", "out_input (6, 4) 24 values NaN [0, 0] np.isfinite"),
    (
        "small('binary_crossentropy', 1).fit(X, LABELS + 1, verbose=0)",
        "target 'out' (6, 1) holds 2 binary_crossentropy [0, 1] (y + 1) / 2 sparse_categorical",
    ),
    (
        "small('binary_crossentropy', 1).evaluate(X, LABELS * 2 - 1, verbose=0)",
        "target 'out' (6, 1) holds -1 binary_crossentropy [0, 1]",
    ),
    ("fit(X, Y, initial_epoch=5)", "initial_epoch=5 epochs=1 nothing is trained"),
    ("Dense(1, activation='softmax')(Input((4,)))", "softmax single unit sigmoid 2 units"),
    (
        "fit(X, Y, callbacks=[EarlyStopping('val_acc')])",
        "EarlyStopping 'val_acc' which are loss no validation validation_data",
    ),
    (
        "fit(X, Y, callbacks=[EarlyStopping('los')])",
        "EarlyStopping 'los' which are loss Did you mean 'loss'",
    ),
]

NAMES = {
    "K": backend,
    **vars(layers),
    **vars(callbacks),
    **vars(optimizers),
    **vars(models),
    "to_categorical": utils.to_categorical,
    "Sequence": utils.Sequence,
    "losses": losses,
    "metrics": metrics,
    "regularizers": regularizers,
    **globals(),
}


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    backend.clear_session()


def lacking(message, words):
    """Those of the words that are not in the message."""
    return [word for word in words.split() if word not in message]


@pytest.mark.parametrize("code, kind, words", MISTAKES, ids=[code for code, *_ in MISTAKES])
def test_a_mistake_is_explained(code, kind, words):
    with pytest.raises(kind) as caught:
        eval(code, dict(NAMES))
    assert not lacking(str(caught.value), words), str(caught.value)


@pytest.mark.parametrize("code, words", WARNINGS, ids=[code for code, _ in WARNINGS])
def test_a_doubtful_call_is_warned_of(code, words):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        eval(code, dict(NAMES))
    told = " ".join(str(warning.message) for warning in seen)
    assert not lacking(told, words), told


def test_probabilities_are_not_spoken_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small("binary_crossentropy").fit(X, Y, verbose=0)
        small("binary_crossentropy", 1).fit(X, LABELS, verbose=0)


@pytest.mark.parametrize("callback", ["ModelCheckpoint('nodir/m.h5')", "CSVLogger('nodir/m.csv')"])
def test_a_missing_folder_is_found_before_training(callback):
    model = small()
    before = model.get_weights()
    with pytest.raises(FileNotFoundError):
        model.fit(X, Y, verbose=0, callbacks=[eval(callback, dict(NAMES))])
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_a_folder_may_be_named_by_the_epoch(tmp_path):
    for epoch in (1, 2):
        (tmp_path / str(epoch)).mkdir()
    fit(X, Y, epochs=2, callbacks=[callbacks.ModelCheckpoint("{epoch}/m.h5")])
    assert sorted(path.parent.name for path in tmp_path.glob("*/m.h5")) == ["1", "2"]


ARRAY = np.array([[1.0, 2.0]])


@pytest.mark.parametrize(
    "operation",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a * b,
        lambda a, b: a / b,
        lambda a, b: a**b,
        lambda a, b: a // b,
        lambda a, b: a % b,
        lambda a, b: a > b,
        lambda a, b: a <= b,
        lambda a, b: a @ b.T if isinstance(b, np.ndarray) else a @ backend.transpose(b),
    ],
)
def test_operators_of_arrays_and_tensors_are_those_of_tensors(operation):
    other = np.array([[3.0, 0.5]])
    wanted = operation(ARRAY, other)
    for first, second in (
        (ARRAY, backend.constant(other)),
        (backend.constant(ARRAY), other),
        (backend.constant(ARRAY), backend.constant(other)),
    ):
        result = operation(first, second)
        assert backend.is_tensor(result)
        np.testing.assert_allclose(backend.eval(result), wanted, rtol=1e-6)


def test_numbers_of_numpy_and_tensors():
    one = backend.constant(3.0)
    for result in (np.float32(2) * one, one * np.float64(2), np.multiply(2.0, one)):
        assert backend.eval(result) == 6.0
    total = np.array([1.0, 2.0])
    total += one
    np.testing.assert_array_equal(backend.eval(total), [4.0, 5.0])
    assert not np.any(one == ARRAY)
