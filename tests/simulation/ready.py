"""Before anything of the store is imported: a data folder of its own for this process."""

import os
import tempfile
from pathlib import Path


def make_ready() -> None:
    home = tempfile.mkdtemp(prefix="orderhaven-simulation-")
    os.environ.setdefault("ORDERHAVEN_DATA", home)
    os.environ.setdefault("ORDERHAVEN_KEY_FILE", str(Path(home) / "keys"))
    os.environ["ORDERHAVEN_UNSAFE_SYNC"] = "1"  # processes die here, power does not
    os.environ.pop("ORDERHAVEN_DATABASE_URL", None)
    from orderhaven.store.upkeep.setup import configure

    configure()
