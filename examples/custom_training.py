"""Write the training step yourself, and train a network that is hard to fool.

You see: `K.gradients` in the images and in the weights, momentum by `K.update`, and the whole step
as one `K.function`. Each batch is first changed so that its loss grows, by a little in each pixel;
the network learns from the changed images, and withstands such an attack afterwards.

Source: I. Goodfellow et al., "Explaining and Harnessing Adversarial Examples", ICLR 2015.
"""

import numpy as np
from _common import load_digits, options, save_picture

from keras_core import backend as K
from keras_core.layers import Dense, Flatten
from keras_core.models import Sequential

BATCH, RATE, MOMENTUM = 32, 0.02, 0.9
SIZES = np.array([0, 0.05, 0.1, 0.15, 0.2])  # of an attack; brightness is in [0, 1]
ATTACK = 0.1


def build_model():
    model = Sequential()
    model.add(Flatten(input_shape=(8, 8, 1)))
    model.add(Dense(256, activation="relu"))
    model.add(Dense(128, activation="relu"))
    model.add(Dense(10, activation="softmax"))
    return model


def loss_of(model, images, classes):
    return K.mean(K.sparse_categorical_crossentropy(classes, model(images)))


def attacked(model, images, classes, size):
    """Changes each pixel by `size` in the direction in which the loss grows."""
    (gradient,) = K.gradients(loss_of(model, images, classes), [images])
    return K.stop_gradient(K.clip(images + size * K.sign(gradient), 0, 1))


def updates_of(weights, gradients):
    """Gradient descent with momentum: the updates of each weight and of its velocity."""
    for weight, gradient in zip(weights, gradients):
        velocity = K.zeros(K.int_shape(weight))
        step = MOMENTUM * velocity - RATE * gradient
        yield K.update(velocity, step)
        yield K.update_add(weight, step)


def build_functions(model, attack):
    """A training step on images attacked so, and the accuracy on images under any attack."""
    images = K.placeholder((None, 8, 8, 1))
    classes = K.placeholder((None,), dtype="int32")
    size = K.placeholder(())
    loss = loss_of(model, attacked(model, images, classes, attack), classes)
    weights = model.trainable_weights
    updates = list(updates_of(weights, K.gradients(loss, weights)))
    step = K.function([images, classes], [loss], updates=updates)

    read = model(attacked(model, images, classes, size))
    right = K.equal(K.cast(K.argmax(read), "int32"), classes)
    return step, K.function([images, classes, size], [K.mean(K.cast(right, K.floatx()))])


def trained(attack, epochs, images, classes):
    """Trains a network under an attack of some size; gives the function of its accuracy."""
    np.random.seed(1)
    step, accuracy = build_functions(build_model(), attack)
    for epoch in range(1, epochs + 1):
        shuffled = np.random.permutation(len(images))
        batches = np.split(shuffled, range(BATCH, len(images), BATCH))
        losses = [step([images[batch], classes[batch]])[0] for batch in batches]
        if epoch % 10 == 0:
            print(f"Attack {attack}, epoch {epoch}: loss {np.mean(losses):.4f}")
    return accuracy


def main(epochs, output):
    train, test = load_digits()
    reached = {}
    for attack in 0.0, ATTACK:
        accuracy = trained(attack, epochs, *train)
        reached[attack] = np.array([accuracy([*test, size])[0] for size in SIZES])

    def draw(axes):
        axes.plot(SIZES, reached[0.0], marker="o", label="trained as usual")
        axes.plot(SIZES, reached[ATTACK], marker="o", label="trained under attack")
        axes.set(xlabel="change of each pixel", ylabel="test accuracy", ylim=(0, 1))
        axes.legend()

    save_picture(output / "custom_training.png", draw)
    for attack, accuracies in reached.items():
        (told,) = accuracies[SIZES == ATTACK]
        print(f"Test accuracy under attack, after training under attack {attack}: {told:.3f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=40))
