"""What a part of the work costs at least with these libraries, whatever the code around it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from selectolax.lexbor import LexborHTMLParser

from segmenter.network import DILATIONS, Network

__all__ = ["products", "read_every_node"]


def read_every_node(html: str) -> int:
    """Parse, and read each element's tag and attributes and each text from Python once."""
    root = LexborHTMLParser(html).root
    size = 0
    for node in () if root is None else root.traverse(include_text=True):
        size += len(node.text_content or "") if node.tag == "-text" else len(node.attributes)
    return size


def products(network: Network) -> Callable[[str], object]:
    """The matrix products that a network needs for the lines of a text, and nothing else of it."""
    names = ("in", "flow_in", *(f"conv{layer}" for layer in range(len(DILATIONS))))
    weights = [network.params[f"{name}_w"] for name in names]
    weights += [network.params["flow_out_w"], network.params["out_w"]]

    def run(text: str) -> object:
        blocks = max(1, text.count("\n") + 1)
        return [np.ones((blocks, len(weight)), dtype=np.float32) @ weight for weight in weights]

    return run
