"""Policies from strangers: what would run, overflow or fill the memory is refused by name."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import tracemalloc
import zipfile
from itertools import pairwise

import numpy as np
import pytest
from bombs import Bomb

from hpo_gym import pretrained
from hpo_gym.policies import archive
from hpo_gym.policies.policy import Policy

LAYERS = [14, 16, 8, 3]


def arrays_of(memory=False, seed=0):
    generator = np.random.default_rng(seed)

    def draw(*shape):
        return generator.standard_normal(shape).astype(np.float32)

    arrays = {"log_std": draw(3), "observation_mean": draw(14)}
    arrays["observation_scale"] = np.abs(draw(14)) + 0.5
    sizes = [5, *LAYERS[1:]] if memory else LAYERS
    for i, (before, after) in enumerate(pairwise(sizes)):
        arrays[f"weight_{i}"], arrays[f"bias_{i}"] = draw(after, before), draw(after)
    if memory:
        arrays["memory_observation_weight"] = draw(20, 14)
        arrays["memory_hidden_weight"], arrays["memory_bias"] = draw(20, 5), draw(20)
    return arrays


def description_of(memory=False, **changes):
    description = {
        **{"format": 1, "algorithm": "PPO", "kind": "gaussian", "activation": "relu"},
        **{"layer_sizes": LAYERS, "observation_clip": 10.0},
        "interface": {"observation_size": 14, "action_size": 3},
    }
    if memory:
        description |= {"memory_size": 5, "layer_sizes": [5, *LAYERS[1:]]}
    return description | changes


def npz(arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def write(folder, data, description=None):
    description = description_of() if description is None else description
    (folder / "p.npz").write_bytes(data)
    if isinstance(description, dict):
        description = json.dumps(description | {"sha256": hashlib.sha256(data).hexdigest()})
        description = description.encode()
    (folder / "p.json").write_bytes(description)
    return folder / "p.npz"


def refused(path, *words):
    """The error says which file, and what to do."""
    with pytest.raises(ValueError, match="train the policy again") as raised:
        Policy.load(path)
    for word in (str(path.with_suffix("")), *words):
        assert word in str(raised.value)


@pytest.mark.parametrize("memory", [False, True])
def test_a_policy_without_faults_is_read(tmp_path, memory):
    """Negative control of all that follows."""
    path = write(tmp_path, npz(arrays_of(memory)), description_of(memory))
    observations = np.random.default_rng(1).uniform(-1, 1, (50, 14))
    actions, _ = Policy.load(path, seed=0).predict(observations)
    assert actions.shape == (50, 3) and np.isfinite(actions).all()


@pytest.mark.parametrize("name", sorted(arrays_of(memory=True)))
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_arrays_that_are_not_finite(tmp_path, name, value):
    arrays = arrays_of(memory=True)
    arrays[name].flat[1] = value
    refused(write(tmp_path, npz(arrays), description_of(memory=True)), repr(name), "finite")


TOO_LARGE = {
    **{name: 3e38 for name in arrays_of(memory=True) if "mean" not in name and "scale" not in name},
    "log_std": 89.0,
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_arrays_that_would_overflow(tmp_path, name):
    arrays = arrays_of(memory=True)
    arrays[name][...] = TOO_LARGE[name]
    path = write(tmp_path, npz(arrays), description_of(memory=True))
    refused(path, "memory_" if name.startswith("memory") else repr(name))


def test_layers_that_overflow_together(tmp_path):
    """Each alone is harmless; a tanh between them keeps them so."""
    arrays = {
        name: array * (np.float32(3e11) if "weight" in name else 1.0)
        for name, array in arrays_of().items()
    }
    refused(write(tmp_path, npz(arrays)), "'weight_2', 'bias_2'", "above 1e+30")
    path = write(tmp_path, npz(arrays), description_of(activation="tanh"))
    assert np.isfinite(Policy.load(path).predict(np.ones((9, 14)))[0]).all()


def test_the_bound_holds():
    """At the limit nothing overflows, whatever is observed."""
    arrays = arrays_of()
    for name in arrays:
        if name.startswith("weight"):
            arrays[name] = np.sign(arrays[name]) * np.float32(5e8)
    policy = Policy(arrays, description_of())
    outputs = policy.outputs(np.sign(np.random.default_rng(0).uniform(-1, 1, (2000, 14))))
    assert np.isfinite(outputs).all() and np.abs(outputs).max() > 1e27


@pytest.mark.parametrize("scale", [0.0, -1.0, 1e-40])
def test_scales_that_divide_by_nothing(tmp_path, scale):
    arrays = arrays_of()
    arrays["observation_scale"][3] = scale
    refused(write(tmp_path, npz(arrays), description_of(observation_clip=float("inf"))), "scale")


@pytest.mark.parametrize(
    "dtype", [np.float16, np.int64, np.complex64, np.bool_, ">f4", "U3", "M8[s]"]
)
@pytest.mark.parametrize("name", ["weight_1", "log_std", "observation_mean"])
def test_other_kinds_of_arrays(tmp_path, name, dtype):
    arrays = arrays_of()
    arrays[name] = np.zeros(arrays[name].shape, dtype=dtype)
    refused(write(tmp_path, npz(arrays)), repr(name), "float32 or float64")


@pytest.mark.parametrize("name", sorted(arrays_of(memory=True)))
@pytest.mark.parametrize("shape", [(), (0,), (1,), (15, 16), (2, 2, 2)])
def test_other_shapes(tmp_path, name, shape):
    arrays = arrays_of(memory=True) | {name: np.zeros(shape, np.float32)}
    refused(write(tmp_path, npz(arrays), description_of(memory=True)), repr(name), str(shape))


@pytest.mark.parametrize("name", ["weight_3", "Weight_0", "memory_bias", "observation_std", "x"])
def test_arrays_that_are_not_known(tmp_path, name):
    path = write(tmp_path, npz(arrays_of() | {name: np.zeros(3, np.float32)}))
    refused(path, repr([name]), "known")


def test_the_bomb_is_one():
    with pytest.raises(pytest.fail.Exception, match="was run"):
        pickle.loads(pickle.dumps(Bomb()))


@pytest.mark.parametrize("name", sorted(arrays_of(memory=True)))
def test_pickles_in_arrays(tmp_path, name):
    arrays = arrays_of(memory=True) | {name: np.array([Bomb()], dtype=object)}
    path = write(tmp_path, npz(arrays), description_of(memory=True))
    refused(path, repr(name), "allow_pickle=False")


@pytest.mark.parametrize("data", [pickle.dumps(Bomb()), b"", b"PK", b"\x80\x05", b"\x93NUMPY"])
def test_other_files_in_place_of_arrays(tmp_path, data):
    refused(write(tmp_path, data))


def member(shape, dtype="<f4", body=b"", version=(1, 0)):
    buffer = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    getattr(np.lib.format, f"write_array_header_{version[0]}_0")(buffer, header)
    return buffer.getvalue() + body


def with_member(name, data, compression=zipfile.ZIP_DEFLATED, times=1):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for other, array in arrays_of().items():
            if other != name:
                file.writestr(f"{other}.npy", npy(array))
        for _ in range(times):
            file.writestr(f"{name}.npy", data)
    return buffer.getvalue()


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@pytest.mark.parametrize("shape", [(10**12,), (10**6, 10**6), (2**62, 8), (-1,), (16, 10**15)])
@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_arrays_that_claim_to_be_huge(tmp_path, shape, version):
    data = with_member("weight_0", member(shape, body=b"abcd", version=version))
    tracemalloc.start()
    refused(write(tmp_path, data), "'weight_0' claims to be")
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()


def test_archives_that_unpack_to_much(tmp_path):
    data = with_member("weight_0", bytes(archive.MOST_BYTES + 1))
    assert len(data) < 10**6
    tracemalloc.start()
    refused(write(tmp_path, data), str(archive.MOST_BYTES))
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()


def test_files_that_are_large_themselves(tmp_path):
    path = write(tmp_path, b"")
    with path.open("wb") as file:
        file.truncate(archive.MOST_BYTES + 1)  # sparse
    refused(path, f"at most {archive.MOST_BYTES}")


def test_many_arrays(tmp_path):
    many = {f"x{i}": np.zeros(1, np.float32) for i in range(archive.MOST_ARRAYS)}
    refused(write(tmp_path, npz(arrays_of() | many)), f"{archive.MOST_ARRAYS}")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_array_that_occurs_twice(tmp_path):
    data = with_member("weight_0", npy(arrays_of()["weight_0"]), times=2)
    refused(write(tmp_path, data), "'weight_0' occurs twice")


@pytest.mark.parametrize(
    "header", [b"", b"{'shape': __import__('os').abort()}", b"{}", b"\xff" * 20]
)
def test_headers_are_not_evaluated(tmp_path, header):
    data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    refused(write(tmp_path, with_member("weight_0", data)))


DESCRIPTIONS = {
    "not UTF-8": b"\xff\xfe{}",
    "Latin-1": '{"kind": "\xe9"}'.encode("latin-1"),
    "empty": b"",
    "nested lists": b"[" * 100_000 + b"]" * 100_000,
    "nested objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "huge number": b'{"format": ' + b"9" * 100_000 + b"}",
    "large": b'{"note": "' + b"x" * archive.MOST_TEXT + b'"}',
    "pickle": pickle.dumps(Bomb()),
    "null": b"null",
    "text": b'"policy"',
}


@pytest.mark.parametrize("case", DESCRIPTIONS)
def test_files_that_are_no_description(tmp_path, case):
    refused(write(tmp_path, npz(arrays_of()), DESCRIPTIONS[case]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("layer_sizes", v) for v in ([14], [14, 0, 3], [14, 10**12, 3], [14.0, 3], "14", None)),
        *(("memory_size", v) for v in (0, -1, 10**12, 2.5, "5", [5])),
        *(("observation_clip", v) for v in (0, -1.0, float("nan"), "10", None, [1])),
        *(("interface", v) for v in (None, {}, [], {"observation_size": "14", "action_size": 3})),
        *(("kind", v) for v in ("beta", None, ["gaussian"])),
        *(("activation", v) for v in ("os.system", None, {})),
        *(("format", v) for v in (0, 2, "1", None)),
    ],
)
def test_descriptions_that_are_wrong(tmp_path, name, value):
    refused(write(tmp_path, npz(arrays_of()), description_of(**{name: value})))


@pytest.mark.parametrize("known", pretrained.policies(), ids=str)
def test_our_own_policies_stay_within_the_bounds(known):
    policy = Policy.load(known.path)
    assert np.isfinite(policy.predict(np.ones((2, policy.observation_size)))[0]).all()
