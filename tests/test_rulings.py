"""From rulings to cells: spans, gaps, open sides, and what must be noticed."""

from __future__ import annotations

from pipeline.ingest.rulings import Grid, Segment, grids


def _one(horizontal: list[Segment], vertical: list[Segment], tolerance: float = 2.0) -> Grid:
    [grid] = grids(horizontal, vertical, tolerance=tolerance)
    return grid


def _places(grid: Grid) -> list[tuple[int, int, int, int]]:
    return [cell[:4] for cell in grid.cells]


ACROSS = [Segment(y, 0, 300) for y in (0, 20, 40, 60)]
DOWN = [Segment(x, 0, 60) for x in (0, 100, 200, 300)]


def test_a_plain_grid() -> None:
    grid = _one(ACROSS, DOWN)
    assert _places(grid) == [(row, column, 1, 1) for row in range(3) for column in range(3)]
    assert grid.problems == []
    assert grid.cells[4].box == (100, 20, 200, 40)


def test_spans_follow_from_missing_walls() -> None:
    across = [ACROSS[0], Segment(20, 100, 300), Segment(40, 0, 300), ACROSS[3]]
    down = [DOWN[0], DOWN[1], Segment(200, 0, 40), DOWN[3]]
    assert _places(_one(across, down)) == [
        (0, 0, 2, 1), (0, 1, 1, 1), (0, 2, 1, 1), (1, 1, 1, 1), (1, 2, 1, 1), (2, 0, 1, 1), (2, 1, 1, 2),
    ]  # fmt: skip


def test_rulings_in_pieces_doubled_and_out_of_true_are_one() -> None:
    across = [Segment(y + shift, x, x + 101) for y in (0, 20, 40, 60) for x in (0, 100, 200) for shift in (0, 1.5)]
    down = [Segment(x, y, y + 19) for x in (0, 100, 200, 300) for y in (0, 20, 40)]
    assert len(_one(across, down).cells) == 9


def test_a_table_open_at_its_sides_ends_where_its_lines_end() -> None:
    grid = _one(ACROSS, DOWN[1:3])
    assert len(grid.cells) == 9
    assert (grid.box.x0, grid.box.x1) == (0, 300)


def test_a_table_narrower_at_its_end_has_no_cells_beside_it() -> None:
    across = [Segment(0, 0, 300), Segment(20, 0, 300), Segment(40, 0, 100)]
    down = [Segment(0, 0, 40), Segment(100, 0, 40), Segment(300, 0, 20)]
    assert _places(_one(across, down)) == [(0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1)]


def test_walls_that_enclose_no_rectangle_are_noticed_and_nothing_is_lost() -> None:
    across = [ACROSS[0], Segment(20, 100, 300), Segment(40, 0, 300), ACROSS[3]]
    down = [DOWN[0], Segment(100, 20, 60), DOWN[2], DOWN[3]]
    grid = _one(across, down)
    assert "grid.not_tiled" in {problem.code for problem in grid.problems}
    assert sum(cell.row_span * cell.column_span for cell in grid.cells) == 9


def test_a_wall_of_which_a_part_is_there_is_noticed() -> None:
    down = [DOWN[0], Segment(100, 0, 30), Segment(100, 40, 60), *DOWN[2:]]
    assert {problem.code for problem in _one(ACROSS, down).problems} == {"grid.broken"}


def test_frames_and_single_lines_are_no_tables() -> None:
    frame = [Segment(0, 0, 500), Segment(800, 0, 500)], [Segment(0, 0, 800), Segment(500, 0, 800)]
    assert grids(*frame, tolerance=2) == []
    assert grids([Segment(10, 0, 100)], [], tolerance=2) == []
    framed = grids(
        [*frame[0], *(Segment(s.at + 50, s.start + 50, s.end + 50) for s in ACROSS)],
        [*frame[1], *(Segment(s.at + 50, s.start + 50, s.end + 50) for s in DOWN)],
        tolerance=2,
    )
    assert [len(grid.cells) for grid in framed] == [9]


def test_tables_side_by_side_are_two() -> None:
    right = [Segment(s.at, s.start + 400, s.end + 400) for s in ACROSS]
    down = [Segment(s.at + 400, s.start, s.end) for s in DOWN]
    assert [grid.box.x0 for grid in grids([*ACROSS, *right], [*DOWN, *down], tolerance=2)] == [0, 400]
