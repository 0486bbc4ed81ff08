"""Slack's words, in English and Japanese. The triage form's Japanese is the article's."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from kairan.domain.wording import chosen

BUTTON: Mapping[str, tuple[str, str]] = {
    "create_ticket": ("Create Jira Issue", "Create Jira Issue"),
    "claim": ("Claim", "担当する"),
    "decide": ("Decide", "判断する"),
    "defer": ("Defer", "保留する"),
    "fix": ("We fix it", "対応します"),
    "not_affected": ("Does not apply", "影響なし"),
    "ask": ("Ask PSIRT", "PSIRTに質問する"),
    "send_triage": ("Tell each channel", "各チャンネルに連絡"),
}
# What happened, by the event's code. {team}, {by} and the event's own parameters.
NEWS: Mapping[str, tuple[str, str]] = {
    "opened": ("This was found.", "検出されました。"),
    "reopened": ("It is back: scans see it again.", "再発しました。スキャンで再び検出されています。"),
    "part_added": ("Another team is affected: {team}.", "影響を受けるチームが増えました: {team}"),
    "joined": ("More was found: {findings} findings.", "新たに{findings}件検出されました。"),
    "worse": ("The severity rose from {old} to {new}.", "深刻度が{old}から{new}に上がりました。"),
    "part_resolved": ("Scans no longer see it at {team}.", "{team}では検出されなくなりました。"),
    "closed": ("Closed: every team is done.", "完了しました。すべてのチームの対応が終わりました。"),
    "still_seen": (
        "It was said to be fixed, but a newer scan still sees it.",
        "対応完了の申告後のスキャンでも、まだ検出されています。",
    ),
    "claimed": ("{by} takes care of it.", "{by}さんが担当します。"),
    "unclaimed": ("{by} no longer takes care of it.", "{by}さんが担当を外れました。"),
    "moved": ("{by}: {old} → {new}", "{by}さん: {old} → {new}"),
    "fix_claimed": (
        "{by} says that it is fixed. The next scan will tell.",
        "{by}さんが対応完了を申告しました。次のスキャンで確認します。",
    ),
    "decided": ("{by} decided: {status}.", "{by}さんが判断しました: {status}"),
    "asked_approval": (
        "{by} wants to decide: {status}. It waits for an approver.",
        "{by}さんの判断({status})は承認待ちです。",
    ),
    "approved": ("{by} approved the decision: {status}.", "{by}さんが判断({status})を承認しました。"),
    "refused": ("{by} did not approve the decision: {status}.", "{by}さんが判断({status})を承認しませんでした。"),
    "undone": ("{by} took the decision back.", "{by}さんが判断を取り消しました。"),
    "expired": ("A decision's terms are over: {why}.", "判断の条件が終わりました: {why}"),
    "handed_over": ("Handed over from {old} to {new}.", "担当が{old}から{new}に変わりました。"),
    "yours_now": ("{team} looks after this now.", "{team}の担当になりました。"),
    "commented": ("{by} wrote:", "{by}さんのコメント:"),
    "asked": ("{by} asks:", "{by}さんからの質問:"),
    "triage_sent": ("{by} wrote to: {teams}", "{by}さんが連絡しました: {teams}"),
    "ticket": ("A ticket was made: {url}", "チケットを作成しました: {url}"),
    "reminded": (
        "Told on {told_at}, and not answered yet. Please say what you will do.",
        "{told_at}に通知しましたが、まだ回答がありません。対応方針をお知らせください。",
    ),
    "escalated": (
        "{team} was told on {told_at} and has not answered yet.",
        "{team}に{told_at}に通知しましたが、まだ回答がありません。",
    ),
    "rule_added": ("The rule {rule} fits too.", "ルール「{rule}」にも当てはまりました。"),
    "merged": ("C-{case} was folded into this case.", "C-{case}をこのケースに統合しました。"),
    "released": (
        "Known since this source was first connected, told now.",
        "このソースの接続時から検出されていたものです。",
    ),
    "due": ("It is due by {new}.", "対応期限は{new}です。"),
}
# Nothing of a part is open any more, for another reason than that scans see it no more.
ENDINGS: Mapping[str, tuple[str, str]] = {
    "asset_gone": ("What was affected at {team} is gone.", "{team}の影響を受けていたアセットがなくなりました。"),
    "suppressed": (
        "Its source now says that {team} is not affected.",
        "検出元が、{team}には影響がないと報告しました。",
    ),
    "closed_by_person": (
        "Scans no longer name it at {team}, and a person confirmed that it is closed.",
        "{team}では報告されなくなり、担当者が完了を確認しました。",
    ),
    "moved": (
        "Its ids turned out to be two problems: {team}'s findings are in another case now.",
        "別々の脆弱性と判明したため、{team}の検出は別のケースに移りました。",
    ),
}
WHY: Mapping[str, tuple[str, str]] = {
    "date": ("the date has come", "期日になりました"),
    "fix": ("a fixed version is known", "修正版が公開されました"),
    "exploitation": ("exploitation is known", "悪用が確認されました"),
}
JUSTIFICATION: Mapping[str, tuple[str, str]] = {
    "component_not_present": ("The component is not there", "コンポーネントが含まれていない"),
    "vulnerable_code_not_present": ("The vulnerable code is not there", "脆弱なコードが含まれていない"),
    "vulnerable_code_not_in_execute_path": ("The vulnerable code is never run", "脆弱なコードが実行されない"),
    "vulnerable_code_cannot_be_controlled_by_adversary": (
        "An attacker cannot reach the code",
        "攻撃者が脆弱なコードを操作できない",
    ),
    "inline_mitigations_already_exist": ("It is mitigated already", "緩和策がすでにある"),
}
UNTIL: Mapping[str, tuple[str, str]] = {
    "date": ("On a date", "期日まで"),
    "fix": ("When a fix is known", "修正版が出るまで"),
    "exploitation": ("When exploitation is known", "悪用が確認されるまで"),
}
FIELD: Mapping[str, tuple[str, str]] = {
    "teams": ("Teams", "チーム"),
    "channels": ("Channels", "チャンネル"),
    "message": ("Message", "Message"),
    "status": ("Decision", "判断"),
    "justification": ("Why it does not apply", "影響がない理由"),
    "reason": ("Reason", "理由"),
    "until": ("Until", "終了条件"),
    "until_at": ("Date", "期日"),
    "due_at": ("Due", "対応期限"),
    "text": ("Question", "質問"),
    "evidence": ("Evidence: links, one on each line", "根拠となるリンク(1行に1つ)"),
    "ids": ("Vulnerabilities", "脆弱性"),
    "other": ("Other ids", "その他のID"),
}
FORM: Mapping[str, tuple[str, str]] = {
    "decide": ("Decide", "判断する"),
    "defer": ("Defer", "保留する"),
    "not_affected": ("Does not apply", "影響なし"),
    "ask": ("Ask PSIRT", "PSIRTに質問する"),
    "open_case": ("Open a case", "ケースを開く"),
}
_WORDS: Mapping[str, tuple[str, str]] = {
    "triage": ("Triage", "トリアージ"),
    "post": ("Slack post", "Slack投稿へのリンク"),
    "not_told": ("not told yet", "未通知"),
    "no_teams": (
        "No team has a channel here: there is nobody to write to.",
        "連絡先のチャンネルを持つチームがありません。",
    ),
    "reason_was": ("Reason: {reason}", "理由: {reason}"),
    "digest": ("Open cases: {count}", "対応が必要なケース: {count}件"),
    "nothing": ("Nothing is open.", "対応が必要なものはありません。"),
    "roll_up": (
        "{count} more cases than this channel is told at once",
        "一度に通知できる件数を超えたケース: {count}件",
    ),
    "places": ("{count} places", "{count}か所"),
    "due": ("due {date}", "期限 {date}"),
    "test": ("Kairan can write here.", "Kairanからのテスト投稿です。"),
    "test_by": ("Asked for by {by}.", "{by}さんが送信しました。"),
    "reminder": ("Reminder", "リマインド"),
    "escalation": ("No answer", "回答なし"),
    "closing": ("Closed", "完了"),
    "case": ("Case", "ケース"),
    "cancel": ("Cancel", "キャンセル"),
    "send": ("Send", "送信"),
    "whom": ("Kairan", "Kairan"),
    "reach": (
        "This covers {findings} findings of {parts} teams, and those that join later.",
        "{parts}チームの検出{findings}件と、今後加わる検出が対象です。",
    ),
    "reach_told": ("Told in: {channels}", "通知先: {channels}"),
    "reach_tickets": ("Tickets: {tickets}", "チケット: {tickets}"),
    "reach_approval": (
        "*For {approval} of them it takes effect when an approver agrees.*",
        "*うち{approval}件は、承認者の承認後に有効になります。*",
    ),
    "until_needed": ("A deferral and an accepted risk have to end.", "保留とリスク受容には終了条件が必要です。"),
}
# Answers to whoever pressed, by domain.answer.Said.
ANSWER: Mapping[str, tuple[str, str]] = {
    "sent": ("On its way to: {teams}", "送信しました: {teams}"),
    "sent_before": (
        "These were told this very text already: {teams}. Nothing was sent again.",
        "同じ内容を送信済みです: {teams}。再送していません。",
    ),
    "also_before": ("Told before, and not again: {again}", "送信済みのため再送していません: {again}"),
    "claimed": ("You take care of it: {teams}", "担当になりました: {teams}"),
    "decided": ("Decided ({status}): {teams}", "判断を記録しました({status}): {teams}"),
    "asked_approval": (
        "Noted ({status}): {teams}. It takes effect when an approver agrees.",
        "記録しました({status}): {teams}。承認者の承認後に有効になります。",
    ),
    "fix_claimed": ("Noted: {teams}. The next scan will tell.", "記録しました: {teams}。次のスキャンで確認します。"),
    "asked": ("PSIRT was asked.", "PSIRTに質問を送りました。"),
    "ticket": ("A ticket is on its way to {destination}.", "{destination}にチケットを作成しています。"),
    "ticket_previewed": (
        "No Jira is set up yet, so no ticket was made; the preview shows what it would be, in the channel #tickets.",
        "Jiraが設定されていないため、チケットは作成されていません。"
        "作成される内容はプレビューの#ticketsで確認できます。",
    ),
    "ticket_before": ("There is a ticket already: {url}", "チケットは作成済みです: {url}"),
    "no_tickets": (
        "No ticket was made: no destination that takes tickets (Jira) is set up. Ask whoever looks after kairan.yaml.",
        "チケットは作成されていません。チケットの作成先(Jira)が設定されていません。"
        "kairan.yamlの管理者に連絡してください。",
    ),
    "wrong": ("Nothing was done. Please mend:", "実行されていません。次の項目を確認してください:"),
    "forbidden": (
        "You may not do this. Triagers may, and members of the team for their own part.",
        "この操作の権限がありません。トリアージ担当者、または担当チームのメンバーのみ実行できます。",
    ),
    "guest": (
        "You are a guest of this workspace: being in a channel gives guests no rights in Kairan. Ask its"
        " administrators for an account with the e-mail address you have in Slack.",
        "ゲストには、チャンネルへの参加によるKairanの権限は与えられません。"
        "Slackと同じメールアドレスのアカウントを管理者に依頼してください。",
    ),
    "illegal": (
        "This is not possible any more: it is “{status}” now.",
        "現在の状態({status})では実行できません。",
    ),
    "not_opened": (
        "The form did not open in time. If you do not see it, please press the button again.",
        "フォームを時間内に開けませんでした。表示されない場合は、もう一度ボタンを押してください。",
    ),
    "failed": (
        "This could not be done: something did not answer for minutes. Nothing was changed; please try again.",
        "しばらく応答がなかったため、実行できませんでした。何も変更されていません。もう一度お試しください。",
    ),
    "gone": ("This case is not there any more.", "このケースはもうありません。"),
    "partly": ("Done for: {teams}. Not possible for: {refused}", "実行しました: {teams}。実行できません: {refused}"),
    "form": ("Please fill in the form.", "フォームに入力してください。"),
    "raised": ("This message is kept with: {ids}", "この投稿を記録しました: {ids}"),
    "raised_there": ("There is a case already: {there}", "ケースはすでにあります: {there}"),
    "raised_opening": ("A case is being opened for: {opening}", "ケースを開いています: {opening}"),
    "raised_nobody": (
        "Nobody has open findings of these now; a case opens as soon as a scan finds one: {nobody}",
        "未解決の検出はまだありません。検出された時点でケースが開きます: {nobody}",
    ),
    "raised_no_link": (
        "The message itself could not be linked: invite Kairan into this channel.",
        "投稿へのリンクは取得できませんでした。このチャンネルにKairanを招待してください。",
    ),
}
WRONG: Mapping[str, tuple[str, str]] = {
    "nothing_ticked": ("Tick at least one channel.", "チャンネルを1つ以上選んでください。"),
    "no_team": ("Choose at least one team.", "チームを1つ以上選んでください。"),
    "no_id": ("Name at least one id, like CVE-2021-44228.", "CVE-2021-44228のようなIDを1つ以上指定してください。"),
    "unknown_id": ("Kairan has never heard of: {ids}", "Kairanに記録がありません: {ids}"),
    "not_a_date": ("Give a date as 2026-12-31.", "日付は2026-12-31の形式で入力してください。"),
    "no_text": ("Write something.", "入力してください。"),
    "too_long": ("At most {most} signs.", "{most}文字以内で入力してください。"),
    "no_status": ("Choose what you decide.", "判断を選んでください。"),
    "only_scans": ("Only scans say that something is resolved.", "「解決済み」はスキャン結果だけが決めます。"),
    "no_justification": ("Choose why it is not affected.", "影響がない理由を選んでください。"),
    "not_here": ("This does not belong to the chosen decision.", "選んだ判断では使いません。"),
    "no_reason": ("Give a reason.", "理由を入力してください。"),
    "no_end": ("Say when it ends.", "終了条件を選んでください。"),
    "fix_known": ("A fix is known already: give a date.", "修正版がすでにあります。期日を指定してください。"),
    "exploitation_known": (
        "Exploitation is known already: give a date.",
        "悪用がすでに確認されています。期日を指定してください。",
    ),
    "no_until": ("Say when it ends.", "終了条件を選んでください。"),
    "no_date": ("Give the date.", "期日を入力してください。"),
    "in_the_past": ("The date has to be in the future.", "未来の日付を入力してください。"),
    "no_link": ("A link begins with https:// or http://.", "リンクはhttps://またはhttp://で始まります。"),
    "too_many": ("At most {most}.", "{most}件以内で入力してください。"),
    "too_far": ("At most five years from now.", "5年以内の日付を入力してください。"),
}


def word(code: str, language: str, **parts: object) -> str:
    return chosen(_WORDS[code], language).format(**parts)


def of(table: Mapping[str, tuple[str, str]], code: str, language: str) -> str:
    """A code's text; the code itself where nobody wrote one yet."""
    return chosen(table.get(code, (code, code)), language)


def date(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%d}"
