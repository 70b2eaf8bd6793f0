"""The contract between Python and the scripts of the page, as TypeScript."""

from __future__ import annotations

import ast
import inspect
import json
from typing import TYPE_CHECKING

from clustermap.messages import LANGUAGES
from clustermap.render import contract

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PLAIN = {"str": "string", "int": "number", "float": "number", "bool": "boolean"}


def translate(annotation: ast.expr) -> str:
    """Return a type of Python as one of TypeScript."""
    match annotation:
        case ast.Constant(value=None):
            found = "null"
        case ast.Name(id="object"):
            found = "unknown"
        case ast.Name(id=name):
            found = PLAIN.get(name, name)
        case ast.BinOp(left=left, right=right):
            sides = f"{translate(left)} | {translate(right)}".split(" | ")
            found = " | ".join(dict.fromkeys(sides))
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[key, value])):
            found = f"Record<{translate(key)}, {translate(value)}>"
        case ast.Subscript(value=ast.Name(id="list"), slice=item):
            inner = translate(item)
            found = f"({inner})[]" if " " in inner else f"{inner}[]"
        case ast.Subscript(value=ast.Name(id="NotRequired"), slice=item):
            found = translate(item)
        case _:
            raise TypeError(ast.unparse(annotation))
    return found


def read_note(statement: ast.stmt | None) -> str:
    """Return the text of a docstring; "" where a statement is none."""
    match statement:
        case ast.Expr(value=ast.Constant(value=str() as text)):
            return " ".join(text.replace("``", "`").split())
    return ""


def declare(fields: Sequence[ast.stmt]) -> Iterator[str]:
    """Tell the fields of an interface."""
    for field, after in zip(fields, [*fields[1:], None], strict=True):
        if not isinstance(field, ast.AnnAssign):
            continue
        if note := read_note(after):
            yield f"  /** {note} */"
        mark = "?" if ast.unparse(field.annotation).startswith("NotRequired") else ""
        yield f"  {ast.unparse(field.target)}{mark}: {translate(field.annotation)};"


def write_contract() -> str:
    """Return the declarations that the scripts are checked against."""
    body = ast.parse(inspect.getsource(contract)).body
    lines = [
        "// Written by scripts/make_docs from clustermap/render/contract.py.",
        f"type Language = {' | '.join(map(json.dumps, LANGUAGES))};",
    ]
    for statement, after in zip(body, [*body[1:], None], strict=True):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                note = read_note(after)
                lines += [f"/** {note} */"] if note else []
                lines.append(f"type {name} = {translate(value)};")
            case ast.ClassDef(name=name, body=[doc, *fields]):
                lines += ["", f"/** {read_note(doc)} */", f"interface {name} {{"]
                lines += [*declare(fields), "}"]
    return "\n".join(lines) + "\n"
