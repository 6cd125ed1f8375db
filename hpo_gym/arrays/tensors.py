"""Torch tensors: differentiable."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
import torch

from hpo_gym.arrays.namespace import Column, Columns, is_tensor


def _tensor(value: Column) -> Any:
    # Plain numbers become float64 scalars, which do not promote the tensors they meet.
    return value if torch.is_tensor(value) else torch.as_tensor(value, dtype=torch.float64)


def _block(columns: Columns) -> Any:
    return torch.stack(torch.broadcast_tensors(*columns))  # type: ignore[no-untyped-call]


class Tensors:
    """`Namespace` of torch tensors: differentiable; scalars broadcast."""

    rint = staticmethod(torch.round)
    floor = staticmethod(torch.floor)
    sqrt = staticmethod(torch.sqrt)

    @staticmethod
    def where(condition: Column, yes: Column, no: Column) -> Column:
        return torch.where(torch.as_tensor(condition), _tensor(yes), _tensor(no))

    @staticmethod
    def group(columns: Columns) -> Columns:
        return tuple(columns)

    @classmethod
    def select(cls, condition: Column, yes: Columns, no: Columns) -> Columns:
        return tuple(cls.where(condition, y, n) for y, n in zip(yes, no, strict=True))

    @staticmethod
    def exp(column: Column) -> Column:
        return torch.exp(_tensor(column))

    @staticmethod
    def log10(column: Column) -> Column:
        return torch.log10(_tensor(column))

    @staticmethod
    def cos(columns: Columns) -> Columns:
        return torch.cos(_block(columns))

    @staticmethod
    def combine(weights: Any, columns: Columns) -> Columns:
        block = _block(columns)
        return torch.tensordot(torch.as_tensor(weights).to(block), block, dims=1)

    @staticmethod
    def ndtr(*columns: Column) -> Columns:
        # torch.special.ndtr is 0 in the lower tail, where this keeps its relative precision.
        return tuple(0.5 * torch.special.erfc(-(0.5**0.5) * _tensor(column)) for column in columns)

    @classmethod
    def counts(cls, expected: Column, most: Column) -> Column:
        whole = torch.round(cls.minimum(cls.maximum(expected, 0.0), most))
        return expected + (whole - expected).detach()

    @staticmethod
    def minimum(left: Column, right: Column) -> Column:
        return torch.clamp(_tensor(left), max=right)

    @staticmethod
    def maximum(left: Column, right: Column) -> Column:
        return torch.clamp(_tensor(left), min=right)

    @staticmethod
    def take(table: Any, index: Column) -> Columns:
        return tuple(torch.as_tensor(table)[index.long()].T)

    @staticmethod
    def normals(uniforms: Columns) -> Columns:
        """Normals, made of pairs of uniforms (Box and Muller, 1958)."""
        normals: list[Column] = []
        for first, second in zip(uniforms[::2], uniforms[1::2], strict=True):
            radius = torch.sqrt(-2.0 * torch.log(1.0 - first))
            angle = (2.0 * torch.pi) * second
            normals += radius * torch.cos(angle), radius * torch.sin(angle)
        return normals

    @staticmethod
    def alike(*values: Any) -> Columns:
        """Tensors of one shape; tensors among the values decide on the dtype and the device.

        The dtype is the one they promote to, or torch's default if that one is an integer type.
        """
        given = [value for value in values if is_tensor(value)]
        dtype = reduce(torch.promote_types, [value.dtype for value in given])
        if not dtype.is_floating_point:
            dtype = torch.get_default_dtype()

        def alike(value: Any) -> Any:
            if is_tensor(value):
                return value.to(dtype)
            return torch.tensor(value, dtype=dtype, device=given[0].device)

        tensors = [alike(value) for value in values]
        shape = np.broadcast_shapes(*[tuple(value.shape) for value in tensors])
        return tuple(value.expand(shape) for value in tensors)

    @staticmethod
    def nonfinite(columns: Columns) -> Column:
        finite = [torch.isfinite(_tensor(column)) for column in columns]
        return ~reduce(torch.logical_and, finite)

    @staticmethod
    def pack(groups: Sequence[Columns], rows: int | None = None) -> Any:
        """Groups of columns as a tensor (rows, size) float32."""
        columns = [_tensor(column).float() for group in groups for column in group]
        return torch.stack(torch.broadcast_tensors(*columns), dim=-1)  # type: ignore[no-untyped-call]
