"""Products are made by one thread while any thread segments, after that by as many as before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from segmenter.threads import one_blas_thread

rng = np.random.default_rng(0)
LEFT = rng.standard_normal((60, 300)).astype(np.float32)
RIGHT = rng.standard_normal((300, 160)).astype(np.float32)


def number() -> int:
    return max(
        int(library["num_threads"])
        for library in threadpool_info()
        if library["user_api"] == "blas"
    )


@pytest.fixture(autouse=True)
def several() -> Iterator[None]:
    if number() < 2:
        pytest.skip("needs a BLAS library with several threads")
    yield
    assert number() >= 2


def product() -> bytes:
    with one_blas_thread():
        assert number() == 1
        return (LEFT @ RIGHT).tobytes()


def test_every_thread_gets_the_same_bits() -> None:
    here = product()
    with ThreadPoolExecutor(4) as pool:
        assert {found.result() for found in [pool.submit(product) for _ in range(40)]} == {here}
    assert product() == here


def test_one_that_is_done_first_does_not_undo_it_for_the_others() -> None:
    before = number()
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with one_blas_thread():
            inside.set()
            leave.wait(30)
            assert number() == 1

    with ThreadPoolExecutor(1) as pool:
        with one_blas_thread():
            other = pool.submit(stay)
            assert inside.wait(30)
        assert number() == 1
        leave.set()
        other.result()
    assert number() == before


def test_an_error_leaves_as_many_as_before() -> None:
    before = number()
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert number() == before
