"""The sentences that errors tell, read from where they are raised: `{}` stands for what varies.
Whatever has to know all of them walks them here."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Sentence:
    """One of them, and the line that it stands in; `text` is None where `source` is no literal."""

    where: str
    source: str
    text: str | None


def raised(families: Iterable[str], folders: Iterable[str]) -> Iterator[Sentence]:
    """What errors of these families, or of classes made from them, are made with."""
    trees = {path: ast.parse(path.read_text("utf-8")) for path in _files(folders)}
    known = _grown(set(families), trees)
    others = {path: _strangers(tree, known, set(families)) for path, tree in trees.items()}
    for path, tree in trees.items():
        names = known - others[path] - _imported(tree, others)
        for scope, call in _calls(tree):
            if _name(call) in names and call.args:
                yield _sentence(path, scope, call.args[0])


def handed_to(methods: Iterable[str], file: str, position: int) -> Iterator[Sentence]:
    """What calls of these names in one file are given as an argument."""
    path = ROOT / file
    for scope, call in _calls(ast.parse(path.read_text("utf-8"))):
        if _name(call) in set(methods) and len(call.args) > position:
            yield _sentence(path, scope, call.args[position])


def under(key: str, file: str) -> Iterator[Sentence]:
    """What stands at a key of dictionaries in one file."""
    path = ROOT / file
    for scope, node in _nodes(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Dict):
            for name, told in zip(node.keys, node.values, strict=True):
                if isinstance(name, ast.Constant) and name.value == key:
                    yield _sentence(path, scope, told)


def skeleton(told: ast.expr) -> str | None:
    """With `{}` for what varies; None where it is no literal."""
    match told:
        case ast.Constant(str(text)):
            return text
        case ast.JoinedStr(parts):
            return "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts
            )
    return None


def _files(folders: Iterable[str]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def _grown(known: set[str], trees: Mapping[Path, ast.Module]) -> set[str]:
    classes = [
        one for tree in trees.values() for one in ast.walk(tree) if isinstance(one, ast.ClassDef)
    ]
    while more := {one.name for one in classes if known & set(map(ast.unparse, one.bases))} - known:
        known = known | more
    return known


def _strangers(tree: ast.Module, known: set[str], families: set[str]) -> set[str]:
    """Classes made here that only have the name of one of a family."""
    return {
        one.name
        for one in ast.walk(tree)
        if isinstance(one, ast.ClassDef)
        and one.name in known - families
        and not known & set(map(ast.unparse, one.bases))
    }


def _imported(tree: ast.Module, strangers: Mapping[Path, set[str]]) -> set[str]:
    """The same, made elsewhere."""
    found = set[str]()
    for one in ast.walk(tree):
        if isinstance(one, ast.ImportFrom) and one.module is not None:
            path = ROOT / f"{one.module.replace('.', '/')}.py"
            found |= strangers.get(path, set()) & {name.name for name in one.names}
    return found


def _nodes(tree: ast.Module) -> Iterator[tuple[Function, ast.AST]]:
    for scope in ast.walk(tree):
        if isinstance(scope, Function):
            for node in ast.walk(scope):
                yield scope, node


def _calls(tree: ast.Module) -> Iterator[tuple[Function, ast.Call]]:
    for scope, node in _nodes(tree):
        if isinstance(node, ast.Call):
            yield scope, node


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _sentence(path: Path, scope: Function, told: ast.expr) -> Sentence:
    where = f"{path.relative_to(ROOT).as_posix()}:{told.lineno}"
    return Sentence(where, ast.unparse(told), skeleton(_literal(scope, told)))


def _literal(scope: Function, told: ast.expr) -> ast.expr:
    """What a name of the same function stands for."""
    if isinstance(told, ast.Name):
        for one in ast.walk(scope):
            if isinstance(one, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == told.id for target in one.targets
            ):
                return one.value
    return told
