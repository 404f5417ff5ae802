"""Designs by which rules are judged.

Who writes rules for reading schedules does not read this package, nor what the evaluator tells of
single documents of it: only totals. A design that was read while rules were written moves to
`development`, and another takes its place here.
"""
