"""Folders of runs: what an interrupted run leaves behind."""

import pytest

from rate2spike.errors import InputError
from rate2spike.io.run_folder import FolderTaken, RunFolder


def interrupted(path, error, **settings):
    folder = RunFolder(path, **settings)

    def run():
        with folder.interruptible("goes on"):
            folder.write_config("a run", [], {})
            (path / "data").mkdir()
            raise error

    with pytest.raises(type(error)):
        run()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), InputError("x"), MemoryError()])
def test_a_run_without_results_leaves_nothing(tmp_path, error):
    interrupted(tmp_path / "run", error)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), InputError("x"), MemoryError()])
def test_one_of_several_jobs_leaves_what_the_others_need(tmp_path, error):
    interrupted(tmp_path / "run", error, shared=True)
    assert (tmp_path / "run" / "config.toml").exists() and (tmp_path / "run" / "data").is_dir()


def test_a_folder_with_a_run_is_taken(tmp_path):
    RunFolder(tmp_path).write_config("a run", [], {})
    with pytest.raises(FolderTaken, match="holds a run already"):
        RunFolder(tmp_path)
    assert RunFolder(tmp_path, resume=True).path == tmp_path
