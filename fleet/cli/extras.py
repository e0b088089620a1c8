"""Parts of the package that are installed only if somebody asks for them (pyproject.toml)."""

from __future__ import annotations

MODULES = {
    **dict.fromkeys(
        (
            "PIL",
            "anyio",
            "argon2",
            "babel",
            "fastapi",
            "matplotlib",
            "multipart",
            "python_multipart",
        ),
        "web",
    ),
    **dict.fromkeys(("segno", "starlette", "uvicorn"), "web"),
    "pyarrow": "parquet",
}
"""What the code imports of each extra."""


def lacking(exc: ModuleNotFoundError) -> str | None:
    """Which extra is missing, and how to have it; None if the module is of none."""
    extra = MODULES.get((exc.name or "").partition(".")[0])
    if extra is None:
        return None
    return (
        f"this needs the extra '{extra}' ({exc.name} is not installed):"
        f" pip install 'prefecture-fleet[{extra}]'"
    )
