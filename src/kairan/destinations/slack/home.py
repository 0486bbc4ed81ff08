"""The app's Home: the open cases of a person's teams, the worst first, with buttons.

https://docs.slack.dev/surfaces/app-home
"""

from collections.abc import Iterator, Mapping

from kairan.destinations.slack import actions, answers, blocks, escape, texts
from kairan.destinations.slack.blocks import Block
from kairan.domain.answer import Answer, Said
from kairan.domain.home import Home, Mine, Standing
from kairan.domain.wording import chosen, relook, status, word

_MOST = 45  # parts of two blocks each; the page has room for 100 blocks
_TITLE = 300
_TEXTS: Mapping[str, tuple[str, str]] = {
    "heading": ("Open cases of my teams", "担当チームの未完了ケース"),
    "heading_all": ("Open cases of all teams", "全チームの未完了ケース"),
    "count": ("{count} open · {teams}", "未完了{count}件・{teams}"),
    "count_all": ("{count} open", "未完了{count}件"),
    "at_least": ("more than {count}", "{count}件以上 "),
    "well": ("Nothing is open. Well done.", "未完了のケースはありません。"),
    "no_team": (
        "You are in no team yet: whoever looks after kairan.yaml names its members there.",
        "まだどのチームにも所属していません。kairan.yamlの管理者に、チームのメンバーへの追加を依頼してください。",
    ),
    "unknown": (
        "Kairan does not know you yet. Ask its administrators for an account with the e-mail address {email}, or for"
        " an invitation to the channel of your team. Then open this page again.",
        "Kairanに登録されていません。管理者に、メールアドレス{email}のアカウントの作成、"
        "またはチームのチャンネルへの招待を依頼してください。その後、このページを開き直してください。",
    ),
    "guest": (
        "Kairan does not know you yet, and being in a channel gives guests no rights. Ask its administrators for an"
        " account with the e-mail address {email}. Then open this page again.",
        "Kairanに登録されていません。ゲストには、チャンネルへの参加による権限は与えられません。管理者に、"
        "メールアドレス{email}のアカウントの作成を依頼してください。その後、このページを開き直してください。",
    ),
    "no_email": ("that you have in Slack", "(Slackと同じもの)"),
    "outsider": (
        "Kairan shows nothing to people of other companies.",
        "社外の方には、Kairanの情報は表示されません。",
    ),
    "findings": ("{count} findings", "検出{count}件"),
    "late": ("*overdue since {date}*", "*期限超過 {date}*"),
    "rest": (
        "{count} more are open: the worst are above.",
        "ほか{count}件が未完了です。深刻なものから表示しています。",
    ),
    "all": ("All of them in Kairan", "すべてをKairanで見る"),
    "open": ("Open", "開く"),
}


def home(found: Home, said: Answer | None, language: str) -> Block:
    """The view. `said`: what came of what the person did here just now."""
    drawn = list(_note(said, language))
    if found.standing is not Standing.KNOWN:
        drawn.append(blocks.section(_stranger(found, language)))
    else:
        drawn += _known(found, language)
    return {"type": "home", "blocks": drawn}


def _note(said: Answer | None, language: str) -> Iterator[Block]:
    if said is not None and said.code is not Said.FORM:
        yield blocks.section(answers.drawn(said, language))
        yield blocks.divider()


def _stranger(found: Home, language: str) -> str:
    email = f"*{escape.cut(found.email, 200, escape.mrkdwn)}*" if found.email else _text("no_email", language)
    return _text(found.standing.value, language, email=email)


def _known(found: Home, language: str) -> Iterator[Block]:
    yield blocks.header(_text("heading_all" if found.is_all else "heading", language))
    if not found.teams and not found.is_all:
        yield blocks.section(_text("no_team", language))
        return
    yield blocks.context(_counted(found, language))
    if not found.parts:
        yield blocks.section(_text("well", language))
    for number, part in enumerate(found.parts[:_MOST]):
        yield blocks.section(_part(part, found, language))
        if offers := _offers(part, language):
            yield blocks.actions(f"kairan.part.{number}", offers)
    yield from _rest(found, language)


def _counted(found: Home, language: str) -> str:
    count = f"{found.total:,}"
    if found.at_least:
        count = _text("at_least", language, count=count)
    if found.is_all:
        return _text("count_all", language, count=count)
    teams = escape.cut(", ".join(found.teams), 1_500, escape.mrkdwn)
    return _text("count", language, count=count, teams=teams)


def _rest(found: Home, language: str) -> Iterator[Block]:
    """What is not shown is said and linked."""
    left = found.total - len(found.parts[:_MOST])
    link = escape.link(found.address, _text("all", language)) if found.address else ""
    said = _text("rest", language, count=f"{left:,}{'+' if found.at_least else ''}") if left else ""
    if shown := " ".join(filter(None, (said, link))):
        yield blocks.context(shown)


def _part(part: Mine, found: Home, language: str) -> str:
    title = escape.one_line(part.title)
    shown = title if len(title) <= _TITLE else title[: _TITLE - 1] + "…"
    facts = [part.severity.upper(), status(part.status, language), part.team or word("nobody", language)]
    facts += [relook(part.relook, language)] if part.relook else []
    facts.append(_text("findings", language, count=f"{part.findings:,}"))
    facts += [word("by", language, name=part.by)] if part.by else []
    said = " · ".join(escape.cut(escape.one_line(each), 150, escape.mrkdwn) for each in facts)
    return f"*{escape.link(part.url, f'C-{part.case} {shown}')}*\n{said}{_due(part, found, language)}"


def _due(part: Mine, found: Home, language: str) -> str:
    if part.due_at is None:
        return ""
    date = texts.date(part.due_at, found.time_zone)
    is_late = found.now is not None and part.due_at < found.now
    return " · " + (_text("late", language, date=date) if is_late else word("due", language, date=date))


def _offers(part: Mine, language: str) -> list[Block]:
    """What this person may do, and the way to the case."""
    drawn = [
        blocks.button(
            texts.of(texts.BUTTON, each.code, language),
            actions.button(each.code),
            actions.subject(each.case, each.part),
        )
        for each in part.offers
    ]
    if escape.address(part.url).startswith("http"):
        link = blocks.button(_text("open", language), actions.button("open"), str(part.case))
        drawn.append({**link, "url": part.url})
    return drawn


def _text(code: str, language: str, **parts: object) -> str:
    return chosen(_TEXTS[code], language).format(**parts)
