"""What a made-up region says of its prisons' sections, and how they answer."""

import random
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.rules.access import Caller, Principal
from app.rules.moments import london_date
from app.rules.review import ReviewKind
from app.rules.types import Rating
from app.services.reviews import NewReview, ReviewAddress, add_review, answer_review, close_review

SAID = {
    ReviewKind.REMARK: NewReview(ReviewKind.REMARK, "Well kept. The visit asked how often it is looked at."),
    ReviewKind.CONFIRMED: NewReview(ReviewKind.CONFIRMED),
    ReviewKind.CHALLENGED: NewReview(
        ReviewKind.CHALLENGED, "The visit did not find what this rests on. Where is it kept?", Rating.AMBER
    ),
}


@dataclass(slots=True)
class Reviews:
    """Those of one prison, whose region has at most one challenge open at a time."""

    session: Session
    prison: str
    region: Principal
    chance: random.Random
    challenge: ReviewAddress | None = None
    is_answered: bool = False

    def look(self, numbers: Collection[int], at: datetime) -> None:
        """After one change in twelve the region looks at a section of it."""
        if self.challenge is not None or self.chance.random() >= 1 / 12:
            return
        number = self.chance.choice(sorted(numbers))
        (kind,) = self.chance.choices(list(SAID), (3, 5, 2))
        due_on = london_date(at) + timedelta(days=14) if kind is ReviewKind.CHALLENGED else None
        new = replace(SAID[kind], due_on=due_on)
        review = add_review(self.session, self.prison, number, new, caller=Caller(self.region, at))
        if kind is ReviewKind.CHALLENGED:
            self.challenge = ReviewAddress(self.prison, number, review.id)

    def go_on(self, lead: Caller) -> None:
        """The prison answers what is open; the region closes it when it comes by again."""
        if self.challenge is None:
            return
        if not self.is_answered:
            answer_review(self.session, self.challenge, "It is in the wing office, and was shown.", caller=lead)
        else:
            close_review(self.session, self.challenge, "Seen.", caller=Caller(self.region, lead.at))
            self.challenge = None
        self.is_answered = not self.is_answered
