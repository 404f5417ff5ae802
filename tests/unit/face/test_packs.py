"""Promise: a pack opens only as what it is, its files those that were meant."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import onnx
import pytest
from kioku_face.packs import licences
from kioku_face.packs.graphs import GraphKind, graph_of
from kioku_face.packs.licences import Licence, LicenceNotAccepted, PackUnusable, accepted_names
from kioku_face.packs.pack import open_pack
from kioku_face.packs.pack_engine import EngineRules, load_engine, space_of

from tests.unit.face.drawn_graphs import (
    DIMENSION,
    sha256,
    write_arcface,
    write_pack,
    write_scrfd,
    write_yunet,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole pack that is free for any use."""
    return write_pack(tmp_path / "pack")


def bare(folder: Path) -> Path:
    """The same files without their manifest."""
    (folder / "pack.json").unlink()
    return folder


def changed(folder: Path, **changes: object) -> Path:
    """The pack with other facts in its manifest."""
    path = folder / "pack.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return folder


def test_a_free_pack_opens(folder: Path) -> None:
    pack = open_pack(folder)

    assert pack.name == "drawn@1"
    assert pack.licence == Licence("Apache-2.0", research_only=False)
    assert (pack.detector.kind, pack.embedder.kind) == (GraphKind.SCRFD, GraphKind.ARCFACE)


class TestLicences:
    def test_a_research_pack_is_refused_in_one_sentence_that_names_the_settings(
        self, folder: Path
    ) -> None:
        changed(folder, name="buffalo_x", licence="research only", research_only=True)

        with pytest.raises(LicenceNotAccepted) as refused:
            open_pack(folder)

        assert str(refused.value) == (
            "The weights of the pack buffalo_x may be used for research only (research only); set "
            "KIOKU_FACE_ACCEPT_LICENCES=buffalo_x if you accept that, or KIOKU_FACE_PACK to "
            "another pack."
        )

    def test_it_opens_when_it_is_accepted_by_its_own_name_only(self, folder: Path) -> None:
        changed(folder, name="buffalo_x", research_only=True)

        assert open_pack(folder, accepted=accepted_names("antelope, buffalo_x")).name
        with pytest.raises(LicenceNotAccepted):
            open_pack(folder, accepted=accepted_names("antelope,buffalo"))

    def test_a_folder_without_a_manifest_is_for_research_only(self, folder: Path) -> None:
        bare(folder)

        with pytest.raises(LicenceNotAccepted, match="KIOKU_FACE_ACCEPT_LICENCES=pack "):
            open_pack(folder)
        pack = open_pack(folder, accepted=frozenset({"pack"}))
        assert pack.manifest.research_only
        assert pack.manifest.embedder.dimension == DIMENSION

    def test_unless_all_its_files_are_known_as_free(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bare(folder)
        free = Licence("MIT", research_only=False)
        known = {sha256(folder / "detector.onnx"): free}
        monkeypatch.setattr(licences, "_KNOWN", known)
        with pytest.raises(LicenceNotAccepted):
            open_pack(folder)

        known[sha256(folder / "embedder.onnx")] = free

        assert open_pack(folder).licence == free

    def test_a_known_research_file_stays_one_whatever_its_manifest_says(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        research = Licence("non-commercial research", research_only=True)
        known = {sha256(folder / "embedder.onnx"): research}
        monkeypatch.setattr(licences, "_KNOWN", known)

        with pytest.raises(LicenceNotAccepted, match="non-commercial research"):
            open_pack(folder)

    @pytest.mark.parametrize(
        ("setting", "names"),
        [("", set()), (" , ", set()), ("a", {"a"}), ("a, b,", {"a", "b"})],
    )
    def test_the_setting_is_names_between_commas(self, setting: str, names: set[str]) -> None:
        assert accepted_names(setting) == names


class TestFiles:
    def test_a_file_that_was_changed_is_refused(self, folder: Path) -> None:
        write_arcface(folder / "embedder.onnx", dimension=DIMENSION + 1)

        with pytest.raises(PackUnusable, match=r"embedder\.onnx is not the file its manifest"):
            open_pack(folder)

    def test_a_file_outside_of_the_folder_cannot_be_named(self, folder: Path) -> None:
        part = {"kind": "arcface", "file": "../x.onnx", "sha256": "0" * 64, "dimension": 2}
        changed(folder, embedder=part)

        with pytest.raises(PackUnusable, match=r"embedder\.file"):
            open_pack(folder)

    def test_nothing_but_onnx_is_read(self, folder: Path) -> None:
        (folder / "embedder.onnx").write_bytes(b"\x80\x04K\x01.")  # a pickle
        part = {"kind": "arcface", "file": "embedder.onnx", "dimension": 2}
        changed(folder, embedder={**part, "sha256": sha256(folder / "embedder.onnx")})

        with pytest.raises(PackUnusable, match=r"no ONNX file|no arcface graph"):
            open_pack(folder)

    def test_weights_in_other_files_are_refused(self, folder: Path) -> None:
        path = folder / "embedder.onnx"
        onnx.save(
            onnx.load(str(path)),
            str(path),
            save_as_external_data=True,
            location="weights.bin",
            size_threshold=0,
        )

        with pytest.raises(ValueError, match="keeps its weights in other files"):
            graph_of(path)

    def test_a_detector_where_the_embedder_should_be_is_refused(self, folder: Path) -> None:
        shutil.copy(folder / "detector.onnx", folder / "embedder.onnx")
        part = {"kind": "arcface", "file": "embedder.onnx", "dimension": 2}
        changed(folder, embedder={**part, "sha256": sha256(folder / "embedder.onnx")})

        with pytest.raises(PackUnusable, match=r"embedder\.onnx is no arcface graph"):
            open_pack(folder)

    def test_vectors_of_another_length_are_refused(self, folder: Path) -> None:
        digest = sha256(folder / "embedder.onnx")
        changed(folder, embedder={"file": "embedder.onnx", "sha256": digest, "dimension": 512})

        with pytest.raises(PackUnusable, match=f"gives {DIMENSION} values, not 512"):
            open_pack(folder)

    def test_a_detector_without_points_is_no_detector(self, folder: Path) -> None:
        write_scrfd(folder / "detector.onnx", points=False)
        bare(folder)

        with pytest.raises(PackUnusable, match="one detector is needed and none found"):
            open_pack(folder)

    def test_two_detectors_need_a_manifest(self, folder: Path) -> None:
        write_yunet(folder / "another.onnx")
        bare(folder)

        with pytest.raises(PackUnusable, match=r"another\.onnx, detector\.onnx found"):
            open_pack(folder)

    def test_other_graphs_of_a_pack_are_left_alone(self, folder: Path) -> None:
        write_arcface(folder / "genderage.onnx", side=96, dimension=3)
        write_arcface(folder / "1k3d68.onnx", side=192, dimension=3309)
        bare(folder)

        assert open_pack(folder, accepted=frozenset({"pack"})).manifest.embedder.file == (
            "embedder.onnx"
        )

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(PackUnusable, match="There is no face pack"):
            open_pack(tmp_path / "none")

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", '{"format": "kioku-faces-2"}', '{"research_only": "maybe"}']
    )
    def test_a_wrong_manifest_is_one_sentence(self, folder: Path, text: str) -> None:
        (folder / "pack.json").write_text(text)

        with pytest.raises(PackUnusable) as refused:
            open_pack(folder)

        assert "\n" not in str(refused.value)


class TestSpace:
    def test_it_is_known_before_and_after_loading(self, folder: Path) -> None:
        pack, rules = open_pack(folder), EngineRules()

        space = space_of(pack, rules)

        assert load_engine(pack, rules).space == space
        assert space.space_id.startswith("drawn@")
        assert (space.kind, space.metric, space.normalised) == ("face", "cosine", True)
        assert space.dimension == DIMENSION

    def test_other_weights_are_another_space(self, folder: Path, tmp_path: Path) -> None:
        other = write_pack(tmp_path / "other", yunet=True)

        assert space_of(open_pack(folder), EngineRules()) != space_of(
            open_pack(other), EngineRules()
        )

    def test_other_preprocessing_is_another_space(self, folder: Path) -> None:
        pack = open_pack(folder)

        assert space_of(pack, EngineRules()) != space_of(pack, EngineRules(most_pixels=1_000_000))

    def test_what_changes_no_vector_changes_no_space(self, folder: Path) -> None:
        before = space_of(open_pack(folder), EngineRules())
        manifest = json.loads((folder / "pack.json").read_text())
        changed(folder, detector={**manifest["detector"], "least_score": 0.9}, source="elsewhere")

        assert space_of(open_pack(folder), EngineRules(threads=3)) == before
