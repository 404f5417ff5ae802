"""From what words say to days of the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from kioku_vlm.dates.month_days import days_of_month
from kioku_vlm.dates.months import month_shifted, nth_weekday_of
from kioku_vlm.dates.place import Days, Place, replace_previous
from kioku_vlm.dates.range_ends import end_of, first_end, last_end
from kioku_vlm.dates.shape import Day, Lasting, MonthPart, Nth, Shape, Shift, Stretch
from kioku_vlm.dates.shifting import WEEK, moved
from kioku_vlm.dates.surroundings import Surroundings
from kioku_vlm.dates.year_choice import (
    Choice,
    base_of,
    checked,
    choose_year,
    day_comes_first,
    day_of,
    full_year_near,
    next_after,
)


class Resolver:
    """Resolves the shapes of one document in their order.

    Args:
        around: what the document says about itself.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._base, self._by = base_of(around.anchor)

    def resolve(self, shape: Shape, place: Place) -> Days | None:
        """The days of a shape, or None where the calendar has none or the words name none."""
        match shape:
            case Stretch():
                return self._stretch(shape, place)
            case Lasting():
                first = self.one(shape.first, place)
                if first is None:
                    return None
                return Days(first, first.day + timedelta(days=shape.days - 1))
            case MonthPart():
                return self._month(shape, place)
            case Day() | Shift() | Nth():
                one = self.one(shape, place)
                return Days(one) if one else None
            case _:
                return None

    def one(self, shape: Day | Shift | Nth, place: Place) -> Choice | None:
        """One day."""
        match shape:
            case Day():
                return self._day(shape, place)
            case Shift():
                return self._shift(shape, place)
            case Nth():
                return self._nth(shape, place)

    def _stretch(self, shape: Stretch, place: Place) -> Days | None:
        first = self.resolve(first_end(shape), place)
        if first is None:
            return None
        began = replace_previous(place, first.first)
        last = self.resolve(last_end(shape.last, first.first.day), began)
        end = end_of(shape, first.first.day, last)
        if last is None or end is None:  # nonsense: keep what stands first
            return Days(replace(first.first, confidence=0.5 * first.first.confidence))
        flags = tuple(dict.fromkeys(first.first.flags + last.first.flags))
        first, end = self._still_on(first, end)
        vague = first.approximate or last.approximate
        chosen = replace(first.first, flags=flags)
        return Days(chosen, end if end > chosen.day else None, vague)

    def _still_on(self, first: Days, end: date) -> tuple[Days, date]:
        """A range without a year that has begun but not ended is this one, not the next."""
        choice = first.first
        begun = day_of(choice.day.year - 1, choice.day.month, choice.day.day)
        ended = day_of(end.year - 1, end.month, end.day)
        if choice.by != "next-future" or begun is None or ended is None or ended < self._base:
            return first, end
        others = (choice.day, *(one for one in choice.others if one != begun))
        return replace(first, first=replace(choice, day=begun, others=others)), ended

    def _day(self, shape: Day, place: Place) -> Choice | None:
        if shape.month is None and shape.month_shift is None:
            choice = self._bare(shape, place)
        elif shape.pair:
            choice = self._pair(shape, place)
        else:
            choice = self._dated(shape, place)
        if choice is None:
            return None
        flags = tuple(dict.fromkeys(shape.flags + choice.flags))
        confidence = choice.confidence * shape.confidence * (0.8 if shape.flags else 1.0)
        return replace(choice, flags=flags, confidence=confidence)

    def _dated(self, shape: Day, place: Place) -> Choice | None:
        year, month = shape.year, shape.month
        if shape.month_shift is not None:
            year, month = month_shifted(self._base, shape.month_shift)
        if shape.year_shift is not None:
            year = self._base.year + shape.year_shift
        if shape.short_year is not None:
            year = full_year_near(shape.short_year, self._base.year)
        if month is None:
            return None
        if year is None:
            document = self._around.year_at(place.token)
            return choose_year(month, shape.day, shape.weekday, self._base, document)
        day = day_of(year, month, shape.day)
        if day is None:
            return None
        relative = shape.month_shift is not None or shape.year_shift is not None
        return checked(day, shape.weekday, self._by if relative else shape.by)

    def _pair(self, shape: Day, place: Place) -> Choice | None:
        """03/04: both readings, unless weekday, locale or document decides."""
        month = shape.month or 0
        given = replace(shape, pair=False)
        readings = [given, replace(given, month=shape.day, day=month)]
        choices = [one for one in (self._dated(each, place) for each in readings) if one]
        if len(choices) < 2:
            return choices[0] if choices else None
        fitting = [one for one in choices if "WEEKDAY_MISMATCH" not in one.flags]
        if shape.weekday is not None and len(fitting) == 1:
            return replace(fitting[0], by="weekday")
        day_first = day_comes_first(self._around.anchor)
        day_first = self._around.day_first if day_first is None else day_first
        if day_first is not None:
            chosen = choices[1 if day_first else 0]
            return replace(chosen, by="locale" if shape.year else chosen.by)
        first, second = choices
        return replace(
            first, others=(second.day, *first.others), flags=(*first.flags, "AMBIGUOUS_DATE"),
            confidence=0.5 * first.confidence,
        )  # fmt: skip

    def _bare(self, shape: Day, place: Place) -> Choice | None:
        """A day of the month whose month was named before, or is to be guessed."""
        if shape.listed and place.previous is not None:
            return self._in_list(shape, place.previous, place)
        near = [self._near(shape.day, off) for off in (-1, 0, 1, 2)]
        possible = [one for one in near if one is not None]
        if place.month is not None:
            told = self._in_month(shape, place)
            if told is not None:
                return told
        matching = [one for one in possible if one.weekday() == shape.weekday]
        if shape.weekday is not None and matching:
            chosen = min(matching, key=lambda one: (abs(one - self._base), one))
            return Choice(chosen, "weekday", (), ("YEAR_ASSUMED",), 0.7)
        if not possible:
            return None
        chosen = next_after(possible, self._base)
        others = tuple(one for one in possible if one < chosen)[::-1]
        flags = ("YEAR_ASSUMED",) + (("WEEKDAY_MISMATCH",) if shape.weekday is not None else ())
        return Choice(chosen, "next-future", others, flags, 0.5)

    def _near(self, day: int, months: int) -> date | None:
        return day_of(*month_shifted(self._base, months), day)

    def _in_list(self, shape: Day, previous: date, place: Place) -> Choice | None:
        year, month = previous.year, previous.month
        if shape.day < previous.day:
            year, month = month_shifted(previous, 1)
        day = day_of(year, month, shape.day)
        if day is None:
            return None
        choice = checked(day, shape.weekday, "list", 0.97 * place.confidence)
        return replace(choice, flags=(*place.doubt, *choice.flags))

    def _in_month(self, shape: Day, place: Place) -> Choice | None:
        month = place.month or 0
        if place.year is not None:
            day = day_of(place.year, month, shape.day)
            if day is None:
                return None
            choice = checked(day, shape.weekday, "list", 0.9 * place.confidence)
            return replace(choice, flags=(*place.doubt, *choice.flags))
        document = self._around.year_at(place.token)
        told = choose_year(month, shape.day, shape.weekday, self._base, document)
        return replace(told, confidence=told.confidence * 0.9) if told else None

    def _shift(self, shape: Shift, place: Place) -> Choice | None:
        base = place.previous if shape.from_previous and place.previous else self._base
        by = "list" if base is not self._base else self._by
        try:
            day = moved(base, shape)
        except (OverflowError, ValueError):  # out of the calendar
            return None
        others: tuple[date, ...] = ()
        guessed = shape.count > 0 and shape.confidence < 1
        if guessed or (shape.either and day - WEEK > base):
            others = (day - WEEK,)
        return Choice(day, by, others, (), shape.confidence * 0.95)

    def _nth(self, shape: Nth, place: Place) -> Choice | None:
        year, month = shape.year, shape.month
        if shape.month_shift is not None:
            year, month = month_shifted(self._base, shape.month_shift)
        if shape.year_shift is not None:
            year = self._base.year + shape.year_shift
        if month is None:
            return None
        if year is not None:
            day = nth_weekday_of(year, month, shape.weekday, shape.nth)
            return Choice(day, "explicit" if shape.year else self._by) if day else None
        document = self._around.year_at(place.token)
        years = [document.year] if document else [self._base.year + off for off in (-1, 0, 1)]
        days = [nth_weekday_of(one, month, shape.weekday, shape.nth) for one in years]
        possible = [one for one in days if one is not None]
        if not possible:
            return None
        chosen = next_after(possible, self._base)
        others = tuple(one for one in possible if one < chosen)[::-1]
        return Choice(chosen, "document-year" if document else "next-future", others, (), 0.85)

    def _month(self, shape: MonthPart, place: Place) -> Days | None:
        year, month = self._told_month(shape)
        if month is None or not 1 <= (year or 1) < 9999:
            return None
        by, flags = shape.by, tuple[str, ...]()
        if year is None:
            choice = self._month_year(month, shape, place)
            if choice is None:
                return None
            year, by, flags = choice.day.year, choice.by, choice.flags
        return days_of_month(shape, year, month, (by, flags))

    def _told_month(self, shape: MonthPart) -> tuple[int | None, int | None]:
        year, month = shape.year, shape.month
        if shape.month_shift is not None:
            year, month = month_shifted(self._base, shape.month_shift)
        if shape.year_shift is not None:
            year = self._base.year + shape.year_shift
        if shape.fiscal and year is not None and month is not None and month < 4:
            year += 1
        return year, month

    def _month_year(self, month: int, shape: MonthPart, place: Place) -> Choice | None:
        last = shape.last or 28
        document = self._around.year_at(place.token)
        return choose_year(month, last, None, self._base, document)
