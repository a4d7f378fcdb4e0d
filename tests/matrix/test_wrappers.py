"""Models as estimators of scikit-learn."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from keras_core import layers as L
from keras_core import utils
from keras_core.models import Sequential
from keras_core.optimizers import Adam
from keras_core.wrappers.scikit_learn import BaseWrapper, KerasClassifier, KerasRegressor

INPUTS = np.random.RandomState(0).uniform(-1, 1, (60, 3))
LABELS = np.array(["cold", "mild", "warm"])[np.digitize(INPUTS[:, 0], [-0.3, 0.3])]
VALUES = INPUTS @ [1.0, -2.0, 0.5]


def classifier_model(hidden=16, loss="sparse_categorical_crossentropy", metrics=("accuracy",)):
    utils.set_random_seed(0)
    model = Sequential(
        [
            L.Dense(hidden, activation="relu", input_shape=(3,)),
            L.Dense(3, activation="softmax"),
        ]
    )
    model.compile(Adam(0.05), loss, metrics=list(metrics))
    return model


def binary_model():
    utils.set_random_seed(0)
    model = Sequential([L.Dense(1, activation="sigmoid", input_shape=(3,))])
    model.compile(Adam(0.05), "binary_crossentropy", metrics=["acc"])
    return model


def regressor_model(hidden=16):
    utils.set_random_seed(0)
    model = Sequential([L.Dense(hidden, activation="relu", input_shape=(3,)), L.Dense(1)])
    model.compile(Adam(0.05), "mse")
    return model


class Classifier(KerasClassifier):
    """Builds what its data ask for."""

    def __call__(self, hidden=16):
        utils.set_random_seed(0)
        first = L.Dense(hidden, activation="relu", input_shape=(self.n_features_in_,))
        model = Sequential([first, L.Dense(self.n_classes_, activation="softmax")])
        model.compile(Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model


class Regressor(KerasRegressor):
    def __call__(self, hidden=16):
        utils.set_random_seed(0)
        first = L.Dense(hidden, activation="relu", input_shape=(self.n_features_in_,))
        model = Sequential([first, L.Dense(1)])
        model.compile(Adam(0.05), "mse")
        return model


def fitted(**options):
    wrapper = KerasClassifier(classifier_model, epochs=30, verbose=0, **options)
    wrapper.fit(INPUTS, LABELS)
    return wrapper


def test_a_classifier_learns_labels_of_any_kind():
    wrapper = fitted()
    assert wrapper.classes_.tolist() == ["cold", "mild", "warm"]
    assert wrapper.n_classes_ == 3 and wrapper.n_features_in_ == 3
    predicted = wrapper.predict(INPUTS)
    assert predicted.shape == (60,) and set(predicted) <= set(LABELS)
    assert wrapper.score(INPUTS, LABELS) == pytest.approx(np.mean(predicted == LABELS))
    assert wrapper.score(INPUTS, LABELS) > 0.8
    probabilities = wrapper.predict_proba(INPUTS)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(predicted, wrapper.classes_[probabilities.argmax(axis=1)])


def test_numbers_become_columns_where_the_loss_wants_them():
    options = {"loss": "categorical_crossentropy", "epochs": 30, "verbose": 0}
    wrapper = KerasClassifier(classifier_model, **options)
    wrapper.fit(INPUTS, LABELS)
    np.testing.assert_array_equal(wrapper.predict(INPUTS), fitted().predict(INPUTS))
    columns = np.eye(3)[np.searchsorted(wrapper.classes_, LABELS)]
    by_columns = KerasClassifier(classifier_model, **options)
    by_columns.fit(INPUTS, columns)
    assert by_columns.classes_.tolist() == [0, 1, 2]
    assert by_columns.score(INPUTS, columns) == wrapper.score(INPUTS, LABELS)


def test_one_output_tells_two_classes_apart():
    wrapper = KerasClassifier(binary_model, epochs=30, verbose=0)
    labels = np.where(INPUTS[:, 0] > 0, "yes", "no")
    wrapper.fit(INPUTS, labels)
    output = wrapper.model.predict(INPUTS)
    np.testing.assert_allclose(wrapper.predict_proba(INPUTS), np.hstack([1 - output, output]))
    expected = np.where(output[:, 0] > 0.5, "yes", "no")
    np.testing.assert_array_equal(wrapper.predict(INPUTS), expected)


def test_a_regressor_scores_by_its_loss():
    wrapper = KerasRegressor(regressor_model, epochs=30, verbose=0)
    wrapper.fit(INPUTS, VALUES)
    predicted = wrapper.predict(INPUTS)
    assert predicted.shape == (60,)
    expected = -np.mean((predicted - VALUES) ** 2)
    assert wrapper.score(INPUTS, VALUES) == pytest.approx(expected, rel=1e-4)


def test_fit_gives_the_history_and_arguments_go_before_parameters():
    wrapper = KerasRegressor(regressor_model, epochs=5, verbose=0)
    assert len(wrapper.fit(INPUTS, VALUES).epoch) == 5
    assert len(wrapper.fit(INPUTS, VALUES, epochs=2).epoch) == 2


def test_parameters_are_those_of_the_builder_and_of_a_models_methods():
    wrapper = KerasClassifier(classifier_model, hidden=5, epochs=2, batch_size=7)
    expected = {"hidden": 5, "epochs": 2, "batch_size": 7, "build_fn": classifier_model}
    assert wrapper.get_params() == expected
    assert wrapper.filter_sk_params(Sequential.fit) == {"epochs": 2, "batch_size": 7}
    assert wrapper.filter_sk_params(classifier_model, {"hidden": 9}) == {"hidden": 9}
    assert wrapper.set_params(hidden=6) is wrapper
    assert wrapper.get_params()["hidden"] == 6


def test_unknown_parameters_are_refused_and_nothing_is_set():
    with pytest.raises(ValueError, match="layers is not a legal parameter of KerasClassifier"):
        KerasClassifier(classifier_model, layers=3)
    wrapper = KerasClassifier(classifier_model, hidden=5)
    with pytest.raises(ValueError, match="layers is not a legal"):
        wrapper.set_params(hidden=6, layers=3)
    assert wrapper.get_params()["hidden"] == 5


def test_builders_are_functions_objects_and_subclasses():
    class Builder:
        def __call__(self, hidden=4):
            return classifier_model(hidden)

    for wrapper in (
        KerasClassifier(Builder(), hidden=5, verbose=0),
        Classifier(hidden=5, verbose=0),
    ):
        wrapper.fit(INPUTS, LABELS)
        assert wrapper.model.layers[0].units == 5


def test_without_a_builder_fit_says_so():
    with pytest.raises(AttributeError, match="Write build_fn=f"):
        KerasClassifier().fit(INPUTS, LABELS)


def test_before_fit_there_is_nothing_to_predict_with():
    for call in (lambda w: w.predict(INPUTS), lambda w: w.score(INPUTS, VALUES)):
        with pytest.raises(AttributeError, match="call fit"):
            call(KerasRegressor(regressor_model))
        with pytest.raises(AttributeError, match="call fit"):
            call(KerasClassifier(classifier_model))


def test_accuracy_must_be_measured_to_be_a_score():
    wrapper = KerasClassifier(classifier_model, metrics=(), verbose=0)
    wrapper.fit(INPUTS, LABELS)
    with pytest.raises(ValueError, match=r"\['loss'\]. Compile it with metrics=\['accuracy'\]"):
        wrapper.score(INPUTS, LABELS)


@pytest.mark.parametrize(
    "inputs, targets, message",
    [
        (INPUTS, np.zeros((60, 2, 2)), r"Invalid shape for y: \(60, 2, 2\)"),
        (INPUTS, None, "requires y to be passed"),
        (INPUTS[:0], LABELS[:0], r"0 sample\(s\)"),
        (INPUTS * 1j, LABELS, "Complex data not supported"),
        (INPUTS, np.full(60, np.nan), "NaN or infinity"),
    ],
)
def test_data_that_do_not_fit_are_refused(inputs, targets, message):
    with pytest.raises(ValueError, match=message):
        KerasClassifier(classifier_model, verbose=0).fit(inputs, targets)


def test_other_features_and_labels_than_learnt_are_refused():
    wrapper = fitted()
    with pytest.raises(ValueError, match="X has 2 features, but KerasClassifier is expecting 3"):
        wrapper.predict(INPUTS[:, :2])
    with pytest.raises(ValueError, match="not trained on the labels .'hot'"):
        wrapper.score(INPUTS, np.full(60, "hot"))


def test_a_fitted_wrapper_is_pickled_with_its_model():
    wrapper = fitted()
    again = pickle.loads(pickle.dumps(wrapper))
    np.testing.assert_array_equal(again.predict(INPUTS), wrapper.predict(INPUTS))


def test_several_inputs_and_rows_in_lists():
    wrapper = KerasClassifier(classifier_model, verbose=0)
    wrapper.fit(INPUTS.tolist(), LABELS.tolist())
    assert wrapper.n_features_in_ == 3

    def two_inputs():
        from keras_core.models import Model

        ends = [L.Input((3,)), L.Input((3,))]
        model = Model(ends, L.Dense(1)(L.concatenate(ends)))
        model.compile("sgd", "mse")
        return model

    regressor = KerasRegressor(two_inputs, verbose=0)
    regressor.fit([INPUTS, INPUTS], VALUES)
    assert regressor.predict([INPUTS, INPUTS]).shape == (60,)


def test_the_base_is_for_others_to_build_on():
    assert issubclass(KerasClassifier, BaseWrapper) and issubclass(KerasRegressor, BaseWrapper)


# What scikit-learn asks of its own estimators and what is otherwise here, with the reasons.
REASONS = {
    "check_no_attributes_set_in_init": "parameters are kept in sk_params, as in Keras 2",
    "check_do_not_raise_errors_in_init_or_set_params": "unknown parameters are refused at once",
    "check_dont_overwrite_parameters": "the model is the attribute `model`, as in Keras 2",
    "check_estimators_fit_returns_self": "fit returns the History, as in Keras 2",
    "check_readonly_memmap_input": "the same: it asks what fit returns",
    "check_estimators_overwrite_params": "the model is the attribute `model`, as in Keras 2",
    "check_all_zero_sample_weights_error": "Keras 2 takes weights of zero",
    "check_sample_weight_equivalence_on_dense_data": "repeated samples make other batches",
    "check_sample_weight_equivalence_on_sparse_data": "the same",
    "check_sample_weights_invariance": "the same",
    "check_dtype_object": "what is no number is refused in other words, with its place",
    "check_classifier_multioutput": "several columns are one-hot classes, which need another loss",
    "check_regressor_multioutput": "the model has as many outputs as its builder gave it",
    "check_classifiers_regression_target": "any values may be labels, as in Keras 2",
    "check_regressors_train": "the score is the loss with its sign turned, as in Keras 2",
    "check_fit1d": "a model may take inputs of any rank",
    "check_fit2d_predict1d": "the same; the message is the model's",
    "check_parameters_default_constructible": "sk_params stands for parameters of any name",
}


@pytest.mark.parametrize("wrapper", [Classifier(epochs=40, verbose=0), Regressor(epochs=40)])
def test_scikit_learn_finds_nothing_but_what_is_listed(wrapper):
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of checks that scikit-learn skips, and its own
        results = checks.check_estimator(wrapper.set_params(verbose=0), on_fail=None, on_skip=None)
    failed = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    assert {name: why for name, why in failed.items() if name not in REASONS} == {}
    assert len(results) > 40


def test_scikit_learn_clones_searches_and_validates():
    base = pytest.importorskip("sklearn.base")
    from sklearn.model_selection import GridSearchCV, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    wrapper = KerasClassifier(classifier_model, epochs=20, verbose=0)
    clone = base.clone(wrapper)
    assert clone.get_params() == wrapper.get_params() and clone is not wrapper
    assert base.is_classifier(wrapper) and base.is_regressor(KerasRegressor(regressor_model))
    pipeline = make_pipeline(StandardScaler(), wrapper).fit(INPUTS, LABELS)
    assert pipeline.score(INPUTS, LABELS) > 0.8
    assert cross_val_score(wrapper, INPUTS, LABELS, cv=3).mean() > 0.6
    search = GridSearchCV(wrapper, {"hidden": [1, 16], "epochs": [1, 20]}, cv=2)
    search.fit(INPUTS, LABELS)
    assert search.best_params_["epochs"] == 20
    assert set(search.predict(INPUTS)) <= set(LABELS)


def test_scikit_learn_searches_in_processes():
    selection = pytest.importorskip("sklearn.model_selection")

    # A function in a function is sent whole, so that processes need not find this file.
    def build(hidden=4):
        model = Sequential([L.Dense(hidden, input_shape=(3,)), L.Dense(3, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    wrapper = KerasClassifier(build, epochs=2, verbose=0)
    search = selection.GridSearchCV(wrapper, {"hidden": [1, 4]}, cv=2, n_jobs=2)
    assert search.fit(INPUTS, LABELS).best_params_["hidden"] in (1, 4)
