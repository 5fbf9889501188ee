"""Which test holds the right behaviour for each of the 40 kinds of bad input that people have."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BAD, TABLES, ROLES = (
    "engine/data/test_bad_tables.py",
    "engine/data/test_tables.py",
    "engine/data/test_table_roles.py",
)
SHEETS, PIXELS, OWN = (
    "engine/data/test_sheets.py",
    "engine/data/test_pixels.py",
    "engine/data/test_own_pictures.py",
)

#: kind → file and test
KINDS: dict[str, tuple[tuple[str, str], ...]] = {
    "delimiter": (
        (BAD, "delimiters_are_guessed_and_offered"),
        (TABLES, "a_delimiter_at_the_end_of_each_row_moves_no_name"),
    ),
    "preview parses, import does not": ((BAD, "the_preview_is_the_import"),),
    "decimal comma, thousands": (
        (TABLES, "a_table_has_one_decimal_mark"),
        (TABLES, "where_nothing_tells_the_mark_it_is_said"),
    ),
    "BOM, UTF-16, cp125x": (
        (TABLES, "the_same_table_however_it_is_written"),
        (BAD, "a_byte_that_is_no_letter_is_named_with_its_line"),
    ),
    "quoted newline, doubled and unclosed quotes": (
        (TABLES, "a_quoted_cell_may_hold_anything"),
        (BAD, "an_unclosed_quote_is_named_where_it_opens"),
    ),
    "NUL bytes, binary file": (
        (BAD, "a_binary_file_is_told_by_how_it_starts"),
        (BAD, "a_spreadsheet_under_another_name"),
    ),
    "short, long, blank rows, totals": (
        (BAD, "short_long_and_blank_rows_and_trailing_delimiters"),
        (BAD, "a_row_of_sums_is_suspected"),
    ),
    "preamble, comments, units row": ((BAD, "a_title_above_and_units_below_the_names"),),
    "no header": ((BAD, "no_sample_becomes_a_name"),),
    "duplicate, empty, long names": (
        (BAD, "names_that_are_there_twice_or_not_at_all"),
        (TABLES, "many_equal_names_and_many_kinds"),
    ),
    "index column": ((BAD, "a_column_that_counts_the_rows_is_no_input"),),
    "zip codes, leading zeros": ((BAD, "codes_are_no_numbers"),),
    "number as text, %, $, U+2212": ((BAD, "a_number_with_more_around_it"),),
    "missing words and sentinels": ((BAD, "words_for_nothing"), (BAD, "a_number_for_nothing_is_proposed")),
    "booleans": ((BAD, "yes_and_no_are_two_kinds"), (TABLES, "lines_with_a_cross")),
    "mixed types in a column": (
        (BAD, "a_word_among_numbers_is_counted"),
        (TABLES, "a_slip_among_numbers_is_named"),
    ),
    "dates, day or month first": (
        (BAD, "dates_with_the_day_or_the_month_first"),
        (ROLES, "one_date_decides_for_the_column_and_else_it_is_said"),
    ),
    "categories: case, spaces, thousands": (
        (BAD, "words_that_differ_in_capital_letters_or_spaces"),
        (BAD, "categories_of_thousands_are_no_inputs"),
        (BAD, "rare_kinds_are_one_where_that_is_wished"),
    ),
    "category unseen in training": (
        (BAD, "a_kind_that_only_other_parts_have"),
        (ROLES, "a_kind_that_no_training_row_has_is_zero_and_comes_back_with_another_split"),
    ),
    "ordered categories": ((BAD, "ordered_kinds"), (ROLES, "people_order_some_words_alike")),
    "target 0, 1, 2": ((BAD, "whole_numbers_as_target_are_classes_or_numbers"),),
    "target of one class, one row each, missing": ((BAD, "targets_that_cannot_be_told"),),
    "constant, empty, equal columns": ((BAD, "columns_that_say_nothing_or_the_same"),),
    "infinity, 1e300": ((BAD, "what_float32_cannot_hold"),),
    "columns of different scale": ((BAD, "columns_of_very_different_scale_are_standardized"),),
    "huge file": (
        (BAD, "a_sample_of_a_large_table"),
        ("engine/data/test_large_text.py", "numbers_take_little_more_memory_than_themselves"),
    ),
    "wide file": ((BAD, "a_wide_table"),),
    "Excel": (
        (SHEETS, "cells_of_all_kinds"),
        (SHEETS, "the_first_sheet_that_holds_something_and_others_on_demand"),
        (SHEETS, "an_old_excel_file_is_read"),
        (SHEETS, "a_chain_of_sectors_that_leads_back_is_not_followed"),
    ),
    "Parquet": ((SHEETS, "columns_of_all_kinds"), (SHEETS, "what_cannot_be_read_is_refused")),
    "file changed or moved": ((BAD, "a_file_that_has_changed_is_told_of"),),
    "absolute path in a shared project": (
        ("document/test_files.py", "pictures_beside_a_project_move_with_it"),
    ),
    "clipboard of a spreadsheet": ((BAD, "cells_from_a_spreadsheet_are_pasted_with_its_decimal_mark"),),
    "pictures: EXIF, alpha, 16 bits, animated, corrupt": (
        (PIXELS, "pictures_stand_upright"),
        (PIXELS, "ink_in_alpha_is_seen"),
        (PIXELS, "wide_numbers_are_scaled_by_what_they_hold"),
        (PIXELS, "of_moving_pictures_the_first_is_read_and_that_is_said"),
        ("engine/data/test_folders.py", "all_bad_files_are_named_at_once_and_can_be_left_out"),
    ),
    "scaling or filling on all rows": (
        (BAD, "nothing_is_measured_on_other_rows_than_those_to_train_with"),
        (ROLES, "the_scale_is_measured_after_filling_and_on_training_rows"),
    ),
    "same row in two parts, near doubles": (
        (BAD, "the_same_row_in_two_parts"),
        (OWN, "near_doubles_are_counted_named_and_can_be_left_out"),
    ),
    "group in two parts": ((ROLES, "a_group_is_never_in_two_parts"), (BAD, "a_column_of_groups_is_proposed")),
    "rare classes": (
        (BAD, "rare_missing_and_most_frequent_classes"),
        (ROLES, "rare_classes_are_repeated_to_train_with_alone"),
    ),
    "time shuffled": ((BAD, "dates_that_are_shuffled"), (ROLES, "in_order_the_latest_rows_test")),
    "target hidden in an input": ((BAD, "a_column_that_tells_the_target"),),
    "test part used to choose": (
        ("ui/panels/output/test_output.py", "the_score_is_that_of_the_part_on_screen"),
    ),
}


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(
        node.name.removeprefix("test_")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def test_there_are_forty() -> None:
    assert len(KINDS) == 40


@pytest.mark.parametrize("kind", KINDS)
def test_each_has_its_tests(kind: str) -> None:
    assert KINDS[kind]
    for file, name in KINDS[kind]:
        assert name in names_in(file), f"{name} is no longer in {file}"
