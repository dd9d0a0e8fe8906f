"""What is wrong with a file of a whole plan, said in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from routing.register import Names

_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "too_large": (
        "文件超过{n}MB，请确认没有选错文件。",
        "the file is larger than {n} MB: make sure that it is the right one",
    ),
    "not_text": (
        "文件不是UTF-8编码的文本，请另存为UTF-8",
        "the file is no text in UTF-8: save it as UTF-8",
    ),
    "not_ours": (
        "这个压缩文件已损坏，或者不是本系统导出的格式，请重新导出，或用普通ZIP格式重新压缩。",
        "the zip is damaged or of a kind that is not read: export it again, or pack a plain zip",
    ),
    "no_plan": (
        "压缩文件里没有“{key}”，请确认没有放进文件夹里再压缩。",
        "there is no {key!r} in the zip: pack the files themselves, not a folder around them",
    ),
    "part_twice": (
        "压缩文件里有两个“{key}”，请删除一个。",
        "{key!r} is in the zip twice: take one out",
    ),
    "unknown_part": (
        "“{key}”不是方案的一部分，请删除。压缩文件里只能有plan.yaml和recordings/散列值.wav。",
        "{key!r} is no part of a plan: take it out. A zip has plan.yaml and recordings/<hash>.wav",
    ),
    "closed_part": (
        "这个文件加了密码，或用了不支持的压缩方法，请用普通ZIP格式重新压缩。",
        "it is locked, or packed in a way that is not read: pack a plain zip without a password",
    ),
    "large_part": (
        "这个文件超过{n}kB，录音最长60秒。",
        "it has more than {n} kB; a recording takes a minute at most",
    ),
    "large_whole": (
        "压缩文件解开后超过{n}MB，请确认没有选错文件。",
        "unpacked it has more than {n} MB: make sure that it is the right file",
    ),
    "too_many_sounds": (
        "录音超过{n}条，请确认没有选错文件。",
        "it has more than {n} recordings: make sure that it is the right file",
    ),
    "other_sound": (
        "录音内容与文件名里的散列值不符，请重新导出。",
        "the sound is not the one that its name says: export it again",
    ),
    "no_sound": (
        "这不是本系统保存的录音（8kHz单声道µ-law的WAV，最长60秒），其他录音请在话术页上传。",
        "this is no recording as it is kept (WAV of µ-law, 60 s at most): upload others by phrase",
    ),
    "unnamed_sound": (
        "方案里没有哪一句用这条录音，不导入它。",
        "no sentence of the plan has this recording: it is not taken",
    ),
    "not_yaml": ("这里不是有效的YAML：{why}。", "this is no YAML: {why}"),
    "zero": (
        "名称里有一个零字符，数据库存不了，请去掉。",
        "the name holds a zero byte, which no database keeps: take it out",
    ),
    "several": (
        "文件里有不止一份文档，请只留一份。",
        "the file holds more than one document: keep one",
    ),
    "alias": (
        "不接受锚点和别名（& 和 *），请把内容写全。",
        "anchors and aliases (& and *) are not taken: write it out",
    ),
    "directive": (
        "不接受以%开头的行（YAML指令），请去掉。",
        "lines that begin with % (YAML's directives) are not taken: leave them out",
    ),
    "tag": ("不接受类型标记 {value}，请去掉。", "the tag {value} is not taken: leave it out"),
    "too_deep": ("嵌套超过{n}层。", "it is nested more than {n} deep"),
    "too_many": ("内容超过{n}项，请分开导入。", "it has more than {n} parts: import it in pieces"),
    "no_name": ("名称必须是一个词，不能是列表。", "a name is one word, not a list"),
    "twice": ("“{key}”写了两次，请删除一处。", "{key!r} stands here twice: take one out"),
    "not_a_plan": (
        "开头应有“{key}: {n}”，这不是本系统的方案文件。",
        "it should begin with “{key}: {n}”: this is no plan of ours",
    ),
    "newer": (
        "这份方案是第{value}版格式，本系统读到第{n}版为止，请先升级。",
        "the plan is of format {value}, and this version reads up to {n}: upgrade first",
    ),
    "unknown_kind": (
        "没有“{key}”这一类内容，可以写的有：{known}。",
        "there is no kind {key!r}; those that can be written are: {known}",
    ),
    "not_names": (
        "这里每行应是一个名称和它的内容，中间用冒号和空格隔开。",
        "this should be a list of “name: content”",
    ),
    "not_text_cell": (
        "这一格应是一行字，不是列表。",
        "this should be one text, not a list",
    ),
    "unknown_column": (
        "没有“{key}”这一栏，可以写的有：{known}。",
        "there is no column {key!r}; those that can be written are: {known}",
    ),
    "other_key": (
        "这一条的名称是“{key}”，内容里写的却是“{value}”，请改成一致。",
        "this is named {key!r}, but says {value!r} itself: make them the same",
    ),
    "more": (
        "错误超过{n}处，后面的没有再看，请先改好这些。",
        "more than {n} things are wrong, and what follows was not looked at: mend these first",
    ),
    "long_key": ("名称超过{n}个字符。", "a name has {n} characters at most"),
    "other_setting": (
        "方案里的{key}是“{value}”，本系统设的是“{ours}”，以本系统为准。",
        "the plan's {key} is {value!r}, this system's is {ours!r}, which stays",
    ),
}


@dataclass(frozen=True, slots=True)
class FileFault:
    """One thing that is wrong with the file: at which line (0 where it has none), under which path
    (`number/+86…/post`), by a stable code, in every language. What is only told is no error: the
    rest is taken."""

    line: int
    path: str
    code: str
    says: Names
    only_told: bool = False

    def __str__(self) -> str:
        """As the terminal has it."""
        at = f"{self.line}" + (f" {self.path}" if self.path else "")
        return f"{at}: {self.says['zh-CN']} {self.says['en']}"


def fault(
    line: int, path: str, code: str, /, *, only_told: bool = False, **details: object
) -> FileFault:
    """The sentence with its details filled in; a long one is cut."""
    short = {name: _short(value) for name, value in details.items()}
    zh, en = (text.format(**short) for text in _SAID[code])
    return FileFault(line, _cut(path), code, {"zh-CN": zh, "en": en}, only_told)


def _short(value: object) -> object:
    if not isinstance(value, str):
        return value
    return _cut(value)


def _cut(text: str) -> str:
    return _plain(text if len(text) <= 300 else text[:299] + "…")


def _plain(text: str) -> str:
    """A name out of a stranger's file does nothing to the terminal that it is written on."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)
