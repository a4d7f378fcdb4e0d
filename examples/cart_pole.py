"""Balance a pole on a cart: an agent that learns from reward alone.

You see: policy gradients as an ordinary loss with sample weights, and many carts at once, so that
one prediction moves all of them. The environment is the few lines of mechanics below.

Sources: R. J. Williams, "Simple Statistical Gradient-Following Algorithms for Connectionist
Reinforcement Learning", Machine Learning 8, 1992; the task is that of A. G. Barto, R. S. Sutton, C.
W. Anderson, "Neuronlike Adaptive Elements That Can Solve Difficult Learning Control Problems",
1983.
"""

import numpy as np
from _common import options, save_picture

from keras_core.layers import Dense
from keras_core.models import Sequential
from keras_core.optimizers import Adam

CARTS, STEPS, DISCOUNT = 24, 200, 0.98
GRAVITY, FORCE, INTERVAL = 9.8, 10.0, 0.02
CART, POLE, HALF_LENGTH = 1.0, 0.1, 0.5  # kilograms, kilograms, metres
FARTHEST, STEEPEST = 2.4, np.radians(12)


def moved(state, action):
    """The state `(carts, 4)` after one interval: place, speed, angle, and speed of the angle."""
    place, speed, angle, turning = state.T
    force = FORCE * (2 * action - 1)
    mass = CART + POLE
    push = (force + POLE * HALF_LENGTH * turning**2 * np.sin(angle)) / mass
    turn = (GRAVITY * np.sin(angle) - np.cos(angle) * push) / (
        HALF_LENGTH * (4 / 3 - POLE * np.cos(angle) ** 2 / mass)
    )
    accelerated = push - POLE * HALF_LENGTH * turn * np.cos(angle) / mass
    return state + INTERVAL * np.stack([speed, accelerated, turning, turn], axis=1)


def stands(state):
    return (abs(state[:, 0]) < FARTHEST) & (abs(state[:, 2]) < STEEPEST)


def episodes(policy):
    """Plays with all carts: states `(steps, carts, 4)`, actions and who stood `(steps, carts)`."""
    state = np.random.uniform(-0.05, 0.05, size=(CARTS, 4))
    states, actions, stood = [], [], []
    standing = np.ones(CARTS, dtype=bool)
    while standing.any() and len(states) < STEPS:
        right = policy.predict_on_batch(state)[:, 0]
        action = (np.random.uniform(size=CARTS) < right).astype("float32")
        states.append(state)
        actions.append(action)
        stood.append(standing)
        state = moved(state, action)
        standing = standing & stands(state)
    return np.array(states), np.array(actions), np.array(stood)


def advantages(stood):
    """How the discounted rewards to come compare with those of the other carts at that step."""
    returns, to_come = np.zeros(stood.shape), np.zeros(CARTS)
    for step in reversed(range(len(stood))):
        to_come = stood[step] + DISCOUNT * to_come
        returns[step] = to_come
    advantage = returns - returns.mean(axis=1, keepdims=True)
    return advantage / (advantage[stood].std() + 1e-6)


def build_policy():
    """The probability of a push to the right."""
    model = Sequential()
    model.add(Dense(32, activation="tanh", input_shape=(4,)))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(Adam(lr=0.02), "binary_crossentropy")
    return model


def main(epochs, output):
    np.random.seed(1)
    policy = build_policy()
    lasted = []
    for epoch in range(1, epochs + 1):
        states, actions, stood = episodes(policy)
        weights = advantages(stood)[stood]
        policy.train_on_batch(states[stood], actions[stood], sample_weight=weights)
        lasted.append(stood.sum(axis=0).mean())
        if epoch % 10 == 0:
            print(f"Epoch {epoch}: the poles stood for {lasted[-1]:.0f} steps of {STEPS}")

    def draw(axes):
        axes.plot(lasted)
        axes.set(xlabel="epoch", ylabel="steps that the poles stood")

    save_picture(output / "cart_pole.png", draw)
    print(f"Steps that the poles stand, of {STEPS}: {np.mean(lasted[-10:]):.1f}")


if __name__ == "__main__":
    main(**options(__doc__, epochs=100))
