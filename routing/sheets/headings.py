"""What columns and the words of their cells are called by people, in both languages: labels of the
editor, headings of a file that is handed out, and the other names under which a file that comes
back is understood. The counterpart of `register`, which knows columns by their own names."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from routing.sheets.choices import Columns, names_of, plain
from routing.sheets.entities import EntityKind

COLUMN_NAMES: Final[Mapping[EntityKind, Columns]] = MappingProxyType(
    {
        EntityKind.NUMBER: names_of(
            number="号码 / Number",
            office="单位 / Office",
            post="职务 / Post",
            post_en="职务（英文） / Post (English)",
            spoken="电话里的称呼 / Name as spoken",
            spoken_en="电话里的称呼（英文） / Name as spoken (English)",
            holder="任职人 / Holder",
            district="区县 / District",
            topics="事项 / Topic",
            topic_group="事项分组 / Topic group",
            languages="语言 / Languages",
            answer_mode="接听方式 / Answered by",
            outbound_policy="外呼方式 / Calls people",
            forward_to="转接电话 / Forward to",
            stand_in_number="代接电话 / Stand-in's phone",
            stand_in_from="代接开始日期 / Stand-in from",
            stand_in_until="代接结束日期 / Stand-in until",
            status="状态 / Status",
            suspended_on="暂停日期 / Suspended on",
            withdrawn_on="撤下日期 / Withdrawn on",
            replaced_by="替代号码 / Replaced by",
            published_in="公布媒体 / Published in",
            published_in_en="公布媒体（英文） / Published in (English)",
            published_on="公布日期 / Published on",
            page="版面 / Page",
            url="公布网址 / Web address",
            valid_until="有效期至 / Valid until",
        ),
        EntityKind.OFFICE: names_of(
            office="单位 / Office",
            office_en="单位（英文） / Office (English)",
            spoken="电话里的称呼 / Name as spoken",
            spoken_en="电话里的称呼（英文） / Name as spoken (English)",
            district="区县 / District",
            district_en="区县（英文） / District (English)",
            parent="上级单位 / Office above",
            email="邮箱 / E-mail",
            hours="办公时间 / Office hours",
            time_zone="时区 / Time zone",
            pool_number="值班电话 / Duty desk",
            stand_in_number="代接电话 / Stand-in's phone",
            attended="有人值守 / Attended",
        ),
        EntityKind.TOPIC: names_of(
            topic="事项代码 / Topic id",
            code="按键 / Keys",
            zh="中文名称 / Name (Chinese)",
            en="英文名称 / Name (English)",
            lead_office="主办单位 / Lead office",
        ),
        EntityKind.CONTACT: names_of(
            office="单位 / Office",
            order="级次 / Rung",
            post="岗位 / Post",
            post_en="岗位（英文） / Post (English)",
            email="邮箱 / E-mail",
            phone="手机 / Mobile",
            channel="渠道 / Channel",
            after="等候（工作分钟） / Wait (working minutes)",
        ),
        EntityKind.SERVICE: names_of(
            number="号码 / Number", zh="中文名称 / Name (Chinese)", en="英文名称 / Name (English)"
        ),
        EntityKind.PRONUNCIATION: names_of(
            text="文字 / Text",
            language="语言 / Language",
            reading="读法 / Reading",
            ipa="国际音标 / IPA",
        ),
    }
)
"""In the order in which an editor shows them."""

_OTHER_COLUMNS: Final[Mapping[str, str]] = {
    "number": "电话 电话号码 公开号码 公布号码",
    "office": "单位名称 部门",
    "office_en": "单位英文 英文单位",
    "post": "岗位 职位",
    "post_en": "英文职务",
    "spoken": "称呼",
    "holder": "姓名",
    "district": "所属区县",
    "forward_to": "转接 转接号码",
    "valid_until": "有效期 到期日",
    "page": "版",
    "url": "网址",
    "published_in": "报纸 媒体",
    "suspended_on": "停用日期",
    "withdrawn_on": "撤销日期 撤销日",
    "parent": "上级",
    "email": "电子邮箱 邮件",
    "hours": "工作时间",
    "pool_number": "值班",
    "lead_office": "牵头单位",
    "topic": "事项编码",
    "order": "序号",
    "phone": "手机号 手机号码",
    "zh": "名称 中文",
    "en": "英文 英文名",
    "reading": "拼音",
}
"""Further names of columns, spaces between them."""


def column_of(kind: EntityKind, heading: str) -> str | None:
    """Which column of a kind a heading means; None where it is none of them."""
    return _columns(kind).get(plain(heading))


@cache
def _columns(kind: EntityKind) -> Mapping[str, str]:
    names = COLUMN_NAMES[kind]
    others = {
        plain(other): column
        for column, called in _OTHER_COLUMNS.items()
        for other in called.split()
        if column in names
    }
    called = {plain(text): column for column, says in names.items() for text in says.values()}
    return {**others, **called, **{plain(column): column for column in names}}
