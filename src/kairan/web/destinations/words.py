"""What stands behind the codes of deliveries, and what to do about each state."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ERROR: Mapping[str, str | Promise] = {
    "overtaken": _("It was settled, or newer news took its place, before it was sent."),
    "handed_over": _("It was to be told elsewhere before it was sent."),
    "root_refused": _("The message it belongs to was refused."),
    "root_cancelled": _("The message it belongs to was never sent."),
    "root_gone": _("The message it belongs to was deleted there."),
    "root_unplaced": _("A person said that the message it belongs to is there; where, Kairan does not know."),
    "sender_died": _("The process that sent it ended in the middle."),
    "by_hand": _("A person looked, and said so."),
}
GUARANTEE: Mapping[str, str | Promise] = {
    "exactly_once": _("exactly once"),
    "at_least_once": _("at least once"),
}
TODO: Mapping[str, str | Promise] = {
    "pending": _("Nothing: it is sent when its turn comes."),
    "sending": _("Nothing: it is on its way."),
    "sent": _("Nothing: it is there."),
    "uncertain": _(
        "Kairan asks the destination by itself. If it cannot say, look into the channel, then press a button."
    ),
    "refused": _("Mend what the error says, then send it again."),
    "cancelled": _("Nothing: it is not needed any more."),
}
PROBLEM: Mapping[str, str | Promise] = {
    "no_destination": _("This destination is not in kairan.yaml any more."),
    "no_channel": _("It has no channel to send a test to: give it one in kairan.yaml."),
}


def said(error: str) -> str | Promise:
    """An error of ours in words; a destination's as it said it."""
    return ERROR.get(error, error)
