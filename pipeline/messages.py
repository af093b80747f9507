"""What formtally says to people, in English and in Chinese (`FORMTALLY_LANG=zh`).

Every sentence of a command is here once in each language, so that neither is forgotten. Sentences never hold personal
values: they name paths, documents, places in forms and counts. Labels of a form are shown as the form prints them.
"""

from __future__ import annotations

import os
from typing import Literal

__all__ = ["CATALOGUE", "Language", "english", "failure_sentence", "language", "say", "set_language"]

Language = Literal["en", "zh"]

_language: Language = "zh" if os.environ.get("FORMTALLY_LANG", "").lower().startswith("zh") else "en"


def language() -> Language:
    """The language of messages."""
    return _language


def set_language(chosen: Language) -> None:
    """Choose the language of all messages from now on."""
    global _language  # noqa: PLW0603 - one language a process, known before anything else is
    _language = chosen


def say(key: str, **values: object) -> str:
    """The sentence of that key in the language of the process, with its values filled in."""
    return CATALOGUE[key][_language == "zh"].format(**values)


def english(key: str, **values: object) -> str:
    """The sentence in English, which is what the store keeps."""
    return CATALOGUE[key][0].format(**values)


def failure_sentence(code: str, message: str) -> str:
    """A failure in the language of the process: as the store keeps it, or in Chinese what its code means."""
    key = f"failure.{code}"
    if _language == "zh" and key in CATALOGUE:
        return CATALOGUE[key][1].partition("（{")[0]
    return message


CATALOGUE: dict[str, tuple[str, str]] = {
    # Why a document, or a form of it, could not be read. The file's name stands in front.
    "failure.empty": (
        "the file is empty; check that it was copied completely",
        "文件是空的；请检查是否复制完整",
    ),
    "failure.too_large": (
        "the file is too large; split it into smaller files",
        "文件太大；请拆分成较小的文件",
    ),
    "failure.encoding": (
        "the file is neither UTF-8 nor GB18030; save it again as UTF-8",
        "文件编码既不是 UTF-8 也不是 GB18030；请另存为 UTF-8",
    ),
    "failure.binary": (
        "the file is in no format that is read; convert it to PDF, Word, Excel, HTML, a picture or text",
        "无法读取这种格式的文件；请转换成 PDF、Word、Excel、HTML、图片或文本",
    ),
    "failure.model.refused": (
        "the model refuses to read this form; read it with another model, or settle it in review",
        "模型拒绝读取这张表；请换用其他模型，或人工复核",
    ),
    "failure.model.invalid": (
        "the model's answer is not in the form that was asked for, also when asked again; another mode may help",
        "模型的回答不合要求的格式，重问后仍然如此；可换用其他 mode",
    ),
    "failure.model.empty": (
        "the model gives an empty answer; run the same command again",
        "模型的回答为空；请重新运行同一命令",
    ),
    "failure.model.truncated": (
        "the model's answer is too long for its limit, also in parts; raise model.max_output_tokens",
        "模型的回答超出长度上限，分段后仍然如此；请调高 model.max_output_tokens",
    ),
    "failure.model.rate_limited": (
        "the endpoint takes no more requests at present; run the same command again later",
        "接口暂不接受更多请求；请稍后重新运行同一命令",
    ),
    "failure.model.server": (
        "the endpoint fails on this request; run the same command again later",
        "接口处理此请求时出错；请稍后重新运行同一命令",
    ),
    "failure.model.timeout": (
        "the model does not answer in time; raise model.timeout_seconds, or run the same command again",
        "模型未在限定时间内回答；请调高 model.timeout_seconds，或重新运行同一命令",
    ),
    "failure.model.unreachable": (
        "the endpoint cannot be reached; check it with `formtally doctor --model`, then run the same command again",
        "无法连接接口；请用 `formtally doctor --model` 检查，然后重新运行同一命令",
    ),
    "failure.model.rejected": (
        "the endpoint does not accept the request; check the settings with `formtally doctor --model`",
        "接口不接受此请求；请用 `formtally doctor --model` 检查设置",
    ),
    "failure.model.too_long": (
        "the form is longer than what the model can read at once; use a model with a longer context",
        "表格超出模型一次能读的长度；请换用上下文更长的模型",
    ),
    "failure.model.nothing": (
        "there is nothing in the form that a model could be shown",
        "表中没有可供模型读取的内容",
    ),
    "failure.line_too_long": (
        "the file has a line that is too long; break it between the forms",
        "文件中有一行过长；请在表与表之间换行",
    ),
    "failure.changed": (
        "the file changed while it was read; run the same command again",
        "文件在读取过程中被修改；请重新运行同一命令",
    ),
    "failure.damaged": (
        "the file is damaged or cut short; copy it again, or save it anew",
        "文件已损坏或不完整；请重新复制，或另存一份",
    ),
    "failure.encrypted": (
        "the file is protected by a password; save it without one",
        "文件有密码保护；请去掉密码后重新保存",
    ),
    "failure.archive": (
        "the archive is of a kind that is not opened; unpack it, or pack it as .zip",
        "不支持这种压缩格式；请先解压，或改用 .zip 压缩",
    ),
    "failure.compression": (
        "a member of the archive is compressed in a way that is not known; pack it as .zip anew",
        "压缩包成员的压缩方式不受支持；请重新压缩为 .zip",
    ),
    "failure.link": (
        "a member of the archive is a link; pack the file itself",
        "压缩包成员是链接；请压缩文件本身",
    ),
    "failure.unsafe_name": (
        "a member of the archive has a path that leads out of it; pack it anew",
        "压缩包成员的路径指向包外；请重新压缩",
    ),
    "failure.pictures": (
        "the document holds pictures and no text; save it as PDF",
        "文件只有图片没有文字；请另存为 PDF 后再识别",
    ),
    "failure.no_libreoffice": (
        "old office files are read with LibreOffice; install it, or save the file as .docx or .xlsx",
        "旧版 Office 文件需要 LibreOffice；请安装，或另存为 .docx、.xlsx",
    ),
    "failure.not_converted": (
        "LibreOffice could not open the file; save it as .docx, .xlsx or PDF",
        "LibreOffice 无法打开该文件；请另存为 .docx、.xlsx 或 PDF",
    ),
    "failure.ofd": (
        "OFD files are not read; export the file as PDF",
        "不支持 OFD 文件；请导出为 PDF",
    ),
    "failure.xml.entities": (
        "the file declares XML entities, as attacks do; open it in an office program and save it again",
        "文件含有 XML 实体声明，可能是恶意文件；请用 Office 程序打开后重新保存",
    ),
    "failure.too_many.bytes": (
        "the file is too large when unpacked; split it",
        "文件展开后过大；请拆分",
    ),
    "failure.too_many.cells": (
        "the document has too many cells; split it, or raise limits.cells",
        "文件的单元格过多；请拆分，或调高 limits.cells",
    ),
    "failure.too_many.document_seconds": (
        "the document took too long; split it, or raise limits.document_seconds",
        "文件处理时间过长；请拆分，或调高 limits.document_seconds",
    ),
    "failure.too_many.members": (
        "the archive has too many files; split it, or raise limits.members",
        "压缩包文件过多；请拆分，或调高 limits.members",
    ),
    "failure.too_many.nesting": (
        "archives inside archives go too deep; unpack them, or raise limits.nesting",
        "压缩包嵌套过深；请先解压，或调高 limits.nesting",
    ),
    "failure.too_many.pages": (
        "the document has too many pages; split it, or raise limits.pages",
        "文件页数过多；请拆分，或调高 limits.pages",
    ),
    "failure.too_many.pixels": (
        "the picture is too large; scan it at 200 to 300 dpi, or raise limits.pixels",
        "图片过大；请以 200 至 300 dpi 扫描，或调高 limits.pixels",
    ),
    "failure.too_many.unpacked_bytes": (
        "the archive is too large when unpacked; split it, or raise limits.unpacked_bytes",
        "压缩包解压后过大；请拆分，或调高 limits.unpacked_bytes",
    ),
    "failure.page.failed": (
        "the page is damaged or cannot be drawn; print the document anew, or scan the page",
        "该页已损坏或无法显示；请重新打印或扫描该页",
    ),
    "failure.page.missing": (
        "the document has no such page; run the same command again",
        "文件没有该页；请重新运行同一命令",
    ),
    "failure.no_pictures": (
        "the document is in a format without pages, so there is nothing to cut a picture out of",
        "该格式没有页面，无法截取图片",
    ),
    "failure.too_many.file_bytes": (
        "the file has too many bytes; split it, or raise limits.file_bytes",
        "文件过大；请拆分，或调高 limits.file_bytes",
    ),
    "failure.unreadable": (
        "it cannot be opened ({cause}); check the disk and the path",
        "无法打开；请检查磁盘和路径（{cause}）",
    ),
    "failure.unreadable.missing": (
        "there is no such file or folder; check the path",
        "没有这个文件或文件夹；请检查路径",
    ),
    "failure.unreadable.permission": (
        "you may not read it; ask for permission or copy it to a place of yours",
        "没有读取权限；请申请权限，或复制到自己的目录",
    ),
    "failure.unreadable.kind": (
        "it is neither a file nor a folder; save its content as a file first",
        "它既不是文件也不是文件夹；请先把内容保存成文件",
    ),
    "failure.internal": (
        "an error in formtally itself ({kind} at {place}); please report it with the log, the other documents are done",
        "formtally 自身出错；请附日志反馈，其他文件不受影响（{kind}，{place}）",
    ),
    "failure.memory": (
        "it needs more memory than a worker may use ({kind} at {place}); split it into smaller files",
        "所需内存超过上限；请拆分成较小的文件（{kind}，{place}）",
    ),
    "failure.reader.failed": (
        "the reader broke on this form ({kind} at {place}), which is wholly in review; please report it with the log",
        "读取这张表时出错，整张表待复核；请附日志反馈（{kind}，{place}）",
    ),
    "failure.settle.failed": (
        "a rule broke on this form ({kind} at {place}), which is wholly in review; please report it with the log",
        "核对这张表时规则出错，整张表待复核；请附日志反馈（{kind}，{place}）",
    ),
    "failure.crashed": (
        "the process that read it died, twice; split the file, or run it alone with --jobs 1 to see why",
        "处理它的进程两次意外退出；请拆分文件，或单独用 --jobs 1 运行以查明原因",
    ),
    "failure.too_slow": (
        "it was given up after {seconds} seconds; split it into smaller files",
        "处理超时，已放弃；请拆分成较小的文件（{seconds} 秒）",
    ),
    # The store.
    "store.url": (
        "--db is not a database URL; write it like sqlite:///formtally.db or postgresql+psycopg://host/name",
        "--db 不是数据库地址；请写成 sqlite:///formtally.db 或 postgresql+psycopg://主机/库名",
    ),
    "store.driver": (
        "the database driver of {driver} is not installed; run `pip install psycopg[binary]` for PostgreSQL",
        "没有安装 {driver} 的数据库驱动；PostgreSQL 请运行 `pip install psycopg[binary]`",
    ),
    "store.none": (
        "there is no store at {store} yet; make one with `formtally run PATH`, or name another with --db",
        "{store} 还没有数据库；请先运行 `formtally run 路径`，或用 --db 指定另一个",
    ),
    "store.folder": (
        "the store's folder {folder} does not exist; make it, or name another store with --db",
        "数据库所在的文件夹 {folder} 不存在；请先创建，或用 --db 指定另一个",
    ),
    "store.is_folder": (
        "the store {folder} is a folder; name a file in it with --db",
        "{folder} 是文件夹；请用 --db 指定其中的文件",
    ),
    "store.foreign": (
        "the database holds tables of another program ({tables}); give formtally a database of its own with --db",
        "该数据库里已有其他程序的表（{tables}）；请用 --db 给 formtally 单独的数据库",
    ),
    "store.newer": (
        "the store was made by a newer formtally (schema {found}, this one knows {known}); update formtally",
        "数据库由更新版本的 formtally 建立（结构版本 {found}，本程序只到 {known}）；请升级 formtally",
    ),
    "store.full": (
        "the store {store} cannot be written, the disk is full; free some space and run the same command again",
        "无法写入数据库 {store}：磁盘已满；请腾出空间后重新运行同一命令",
    ),
    "store.locked": (
        "the store {store} is busy; wait until the other command is done and run the same command again",
        "数据库 {store} 正被占用；请等另一个命令结束后重新运行",
    ),
    "store.readonly": (
        "the store {store} may not be written; check its permissions or name another with --db",
        "数据库 {store} 不可写；请检查权限，或用 --db 指定另一个",
    ),
    "store.not_a_store": (
        "the file of {store} is no database; name another with --db",
        "{store} 的文件不是数据库；请用 --db 指定另一个",
    ),
    "store.malformed": (
        "the store {store} is damaged; restore a copy of it, or run again into another with --db",
        "数据库 {store} 已损坏；请恢复备份，或用 --db 另建一个重新运行",
    ),
    "store.unable": (
        "the store {store} cannot be opened; check the path and its permissions",
        "无法打开数据库 {store}；请检查路径和权限",
    ),
    "store.failed": (
        "the store {store} does not answer ({cause}); check --db and try `formtally doctor`",
        "数据库 {store} 无响应（{cause}）；请检查 --db，并试试 `formtally doctor`",
    ),
    "executor.no_start": (
        "worker processes do not start; try `--jobs 1`, and `formtally doctor`",
        "工作进程无法启动；请试试 `--jobs 1` 和 `formtally doctor`",
    ),
    # Settings and usage.
    "settings.bad": (
        "the setting {name} has a value that it cannot have; correct it in formtally.toml or in FORMTALLY_{variable}",
        "设置 {name} 的值不可用；请在 formtally.toml 或 FORMTALLY_{variable} 中改正",
    ),
    "settings.unknown": (
        "there is no setting {name}; remove it from formtally.toml",
        "没有 {name} 这项设置；请从 formtally.toml 中删除",
    ),
    "settings.file": (
        "formtally.toml cannot be read ({cause}); correct or remove it",
        "formtally.toml 无法读取（{cause}）；请改正或删除",
    ),
    "model.none": (
        "no model is configured; set FORMTALLY_MODEL__URL and FORMTALLY_MODEL__NAME, or use --reader table",
        "未配置模型；请设置 FORMTALLY_MODEL__URL 与 FORMTALLY_MODEL__NAME，或使用 --reader table",
    ),
    "model.no_prompt": (
        "the form type {name} has no prompt; write prompts/{name}.md, or use --reader table",
        "表格类型 {name} 没有提示词；请编写 prompts/{name}.md，或使用 --reader table",
    ),
    "model.same": (
        "two answers of one model are one reader; set FORMTALLY_MODEL__TIE_BREAK to another model, or to none",
        "同一模型的两次回答只算一个读者；请把 FORMTALLY_MODEL__TIE_BREAK 设为另一模型，或取消设置",
    ),
    "endpoint.key": (
        "the endpoint does not accept the key; set FORMTALLY_API_KEY to one that it knows",
        "接口不接受此密钥；请把 FORMTALLY_API_KEY 设为有效的密钥",
    ),
    "endpoint.url": (
        "there is no OpenAI-compatible endpoint at the URL; correct FORMTALLY_MODEL__URL, which mostly ends in /v1",
        "该地址没有 OpenAI 兼容接口；请改正 FORMTALLY_MODEL__URL，通常以 /v1 结尾",
    ),
    "endpoint.model": (
        "the endpoint does not know the model; set FORMTALLY_MODEL__NAME to one that it has",
        "接口没有此模型；请把 FORMTALLY_MODEL__NAME 设为它提供的模型",
    ),
    "endpoint.json_mode": (
        "the endpoint cannot hold answers to a schema; set FORMTALLY_MODEL__MODE to tools, json_object or text",
        "接口不支持按格式作答；请把 FORMTALLY_MODEL__MODE 设为 tools、json_object 或 text",
    ),
    "endpoint.quota": (
        "the account of the key has no credit left; top it up, then run the same command again",
        "该密钥的账户余额不足；请充值后重新运行同一命令",
    ),
    "endpoint.rejected": (
        "the endpoint rejects every request ({detail}); check the settings with `formtally doctor --model`",
        "接口拒绝所有请求（{detail}）；请用 `formtally doctor --model` 检查设置",
    ),
    "endpoint.down": (
        "the endpoint is down; what was read is in the store, run the same command again when it is back",
        "接口已停止服务；已读内容均已入库，待其恢复后重新运行同一命令",
    ),
    "endpoint.price": (
        "a limit of cost needs prices; set FORMTALLY_MODEL__PRICE_INPUT and FORMTALLY_MODEL__PRICE_OUTPUT",
        "限制费用需要单价；请设置 FORMTALLY_MODEL__PRICE_INPUT 与 FORMTALLY_MODEL__PRICE_OUTPUT",
    ),
    "endpoint.internal": (
        "an error in formtally itself ended the calls of the model ({detail}); please report it",
        "formtally 自身出错，模型调用中止（{detail}）；请反馈",
    ),
    "run.budget": (
        "the limit was reached: forms that the model was not asked about are in review; the same command with a higher "
        "limit goes on",
        "已达上限：模型尚未读取的表全部待复核；提高上限后重新运行同一命令即可继续",
    ),
    # Batches.
    "batch.no_model": (
        "no model is named; set FORMTALLY_MODEL__NAME to the one that the requests are for",
        "未指定模型；请把 FORMTALLY_MODEL__NAME 设为请求所用的模型",
    ),
    "batch.no_endpoint": (
        "no endpoint is configured; set FORMTALLY_MODEL__URL, or use files: `formtally batch export FILE.jsonl`",
        "未配置接口；请设置 FORMTALLY_MODEL__URL，或改用文件：`formtally batch export 文件.jsonl`",
    ),
    "batch.no_api": (
        "the endpoint has no batch API at this URL; correct FORMTALLY_MODEL__URL, or use files: "
        "`formtally batch export FILE.jsonl`",
        "该地址的接口不支持批处理；请改正 FORMTALLY_MODEL__URL，或改用文件：`formtally batch export 文件.jsonl`",
    ),
    "batch.unanswered": (
        "the endpoint does not answer as it should ({detail}); run the same command again later",
        "接口未正常响应（{detail}）；请稍后重新运行同一命令",
    ),
    "batch.rejected": (
        "the endpoint does not accept the batch ({detail}); check --completion-window and what its batches may hold",
        "接口不接受此批次（{detail}）；请检查 --completion-window 及其对批次的限制",
    ),
    "batch.lost": (
        "the endpoint broke off while it was making the batch; the same command again looks first whether it is there",
        "接口在建立批次时中断；请重新运行同一命令，它会先核实批次是否已建立",
    ),
    "batch.twice": (
        "another command has submitted some of these requests just now; run the same command again for the others",
        "另一命令刚刚提交了其中一部分请求；请重新运行同一命令提交其余部分",
    ),
    "batch.full": (
        "{path} was not written, the disk is full; free some space and run the same command again",
        "未写入 {path}：磁盘已满；请腾出空间后重新运行同一命令",
    ),
    "batch.not_written": (
        "{path} was not written ({cause}); choose another place and run the command again",
        "未写入 {path}（{cause}）；请另选位置后重新运行",
    ),
    "batch.unreadable": ("{path} cannot be opened ({cause}); check the path", "无法打开 {path}（{cause}）；请检查路径"),
    "batch.nothing": (
        "there is no answer that this store can use; it takes answers to what its own `formtally batch export` wrote",
        "没有可供此数据库使用的回答；只接受对它自己的 `formtally batch export` 所写请求的回答",
    ),
    "batch.nothing_pending": (
        "Nothing is left to ask the model; `formtally export` writes what there is.",
        "没有需要再问模型的内容；可用 `formtally export` 导出。",
    ),
    "batch.all_under_way": (
        "{count} requests are in open batches, and no others are left; `formtally batch poll` looks at them.",
        "{count} 个请求都在未结束的批次中，没有其他请求；可用 `formtally batch poll` 查看。",
    ),
    "batch.none_open": (
        "No batch is open; `formtally batch submit` makes one.",
        "没有未结束的批次；可用 `formtally batch submit` 提交。",
    ),
    "batch.elsewhere": (
        "{count} batches are at another endpoint ({urls}); set FORMTALLY_MODEL__URL to it to look at them",
        "另有 {count} 个批次在其他接口（{urls}）；把 FORMTALLY_MODEL__URL 设为该地址即可查看",
    ),
    "batch.requests": ("Requests", "请求"),
    "batch.files": ("Files", "文件"),
    "batch.batches": ("Batches", "批次"),
    "batch.under_way": ("Under way", "处理中"),
    "batch.under_way_count": ("{count} requests in open batches were left out", "已略去未结束批次中的 {count} 个请求"),
    "batch.answers": ("Answers", "回答"),
    "batch.taken": ("{count} taken", "收入 {count} 个"),
    "batch.known": ("{count} known already", "{count} 个此前已收入"),
    "batch.cut": ("Cut short", "被截断"),
    "batch.cut_count": (
        "{count} at the output limit; parts of these forms are asked for next",
        "{count} 个达到输出上限；下次将分段提问",
    ),
    "batch.failed": ("Failed", "失败"),
    "batch.failed_kind": ("{count} {kind}", "{count} 个{kind}"),
    "batch.kind.refused": ("refused by the model", "被模型拒绝"),
    "batch.kind.invalid": ("not in the form that was asked for", "不合要求的格式"),
    "batch.kind.empty": ("empty", "内容为空"),
    "batch.kind.other": ("with the error {detail}", "出错（{detail}）"),
    "batch.unknown": ("Unknown", "未知"),
    "batch.unknown_named": (
        "{count} with a custom_id that this store has not asked for: {names}",
        "{count} 个回答的 custom_id 不是此数据库所问：{names}",
    ),
    "batch.malformed": ("No answers", "不是回答"),
    "batch.line": ("{file} line {line}", "{file} 第 {line} 行"),
    "batch.state": ("{name}: {state}", "{name}：{state}"),
    "batch.state_done": (
        "{name}: {state}, {done} of {total} requests",
        "{name}：{state}，已完成 {done}/{total} 个请求",
    ),
    "batch.state_reason": ("{name}: {state} ({reason})", "{name}：{state}（{reason}）"),
    "batch.state.validating": ("being checked", "校验中"),
    "batch.state.in_progress": ("in progress", "处理中"),
    "batch.state.finalizing": ("being finished", "收尾中"),
    "batch.state.cancelling": ("being cancelled", "取消中"),
    "batch.state.completed": ("completed", "已完成"),
    "batch.state.failed": ("failed", "失败"),
    "batch.state.expired": ("expired", "已过期"),
    "batch.state.cancelled": ("cancelled", "已取消"),
    "batch.state.gone": ("not at the endpoint any more", "接口上已不存在"),
    "batch.state.not_sent": ("never reached the endpoint", "未能提交到接口"),
    "batch.state.submitting": ("being submitted, or broken off just now", "正在提交，或刚刚中断"),
    "batch.next.answer": (
        "have {file} answered, for instance by `vllm run-batch`, then: {command}",
        "先让模型处理 {file}（如用 `vllm run-batch`），然后运行：{command}",
    ),
    "batch.next.rest": (
        "{again} for what has no answer yet; {export} for what there is",
        "{again}（继续提问尚无回答的部分）；{export}（导出已有部分）",
    ),
    "usage.later": (
        "--{option} {value} is not available yet; use --{option} {instead}",
        "--{option} {value} 尚不可用；请用 --{option} {instead}",
    ),
    "usage.unknown": (
        "--{option} {value} is not known; use --{option} {instead}",
        "没有 --{option} {value}；请用 --{option} {instead}",
    ),
    "usage.wrong": (
        "{problem} See `{command} --help`.",
        "命令有误：{problem} 参见 `{command} --help`。",
    ),
    "usage.missing": ("{what} is missing.", "缺少 {what}。"),
    "usage.no_option": ("There is no option {what}.", "没有选项 {what}。"),
    "usage.bad_value": ("The value of {what} is not usable.", "{what} 的值不可用。"),
    "export.folder": (
        "the folder {folder} of the export does not exist; make it or name another",
        "导出目标所在的文件夹 {folder} 不存在；请先创建或另选",
    ),
    "export.is_folder": (
        "{path} is a folder; name a file for the export",
        "{path} 是文件夹；请为导出指定一个文件名",
    ),
    "export.not_ours": (
        "{path} exists and is no folder of a {format} export; name another, so that nothing of yours is replaced",
        "{path} 已存在且不是 {format} 导出文件夹；请另选名称，以免覆盖您的文件",
    ),
    "export.full": (
        "{path} was not written, the disk is full; free some space, then `formtally export`: the store has the records",
        "未写入 {path}：磁盘已满；请腾出空间，数据已在库中，可用 `formtally export` 再导出",
    ),
    "export.failed": (
        "{path} was not written ({cause}); choose another with `formtally export`, the records are in the store",
        "未写入 {path}（{cause}）；数据已在库中，可用 `formtally export` 再导出",
    ),
    "export.only_jsonl": (
        "run --export writes JSON Lines; for {path} use `formtally export --format {format} --out {path}` afterwards",
        "run --export 只写 JSON Lines；要得到 {path}，请随后运行 `formtally export --format {format} --out {path}`",
    ),
    "export.no_document": (
        "the store has no document called {name}; `formtally status` says what is in it",
        "库中没有名为 {name} 的文件；可用 `formtally status` 查看",
    ),
    "export.nothing": (
        "the store holds no form to export; digitise documents with `formtally run PATH`",
        "库中没有可导出的表；请先运行 `formtally run 路径`",
    ),
    "export.done": ("{count} forms in {path}", "已导出 {count} 张表到 {path}"),
    "eval.no_gold": (
        "{folder} holds no gold records (NAME-01.json ...); name their folder with --gold",
        "{folder} 中没有标准答案（NAME-01.json ……）；请用 --gold 指定其文件夹",
    ),
    "eval.bad_gold": ("{path} is no gold record; it must be JSON", "{path} 不是标准答案；应为 JSON"),
    "eval.unreadable": ("{path} cannot be opened ({cause}); check the path", "无法打开 {path}（{cause}）；请检查路径"),
    "eval.not_export": (
        "{path} is not JSON Lines; make an export with `formtally export --format jsonl --out FILE.jsonl`",
        "{path} 不是 JSON Lines；请用 `formtally export --format jsonl --out 文件.jsonl` 导出",
    ),
    "eval.bad_line": (
        "line {line} of {path} is no form; make an export with `formtally export --format jsonl --out FILE.jsonl`",
        "{path} 第 {line} 行不是一张表；请用 `formtally export --format jsonl --out 文件.jsonl` 导出",
    ),
    "eval.twice": (
        "form {ordinal} of {document} is in the export twice; export one document of that name with --document",
        "{document} 的第 {ordinal} 张表在导出中出现两次；请用 --document 只导出一个",
    ),
    # How a run goes.
    "run.digitising": ("Digitising", "数字化"),
    "run.settling": ("Settling", "核对"),
    "picture.done": ("{path}: a part of page {page}", "{path}：第 {page} 页的局部"),
    "picture.no_form": (
        "{name} has no form {ordinal}; `formtally export` shows what it has",
        "{name} 没有第 {ordinal} 张表；请用 `formtally export` 查看",
    ),
    "picture.no_leaf": (
        "the form has no field {path}; give a path as in the export, such as funding.total.executed",
        "表中没有字段 {path}；请给出导出中的路径，如 funding.total.executed",
    ),
    "picture.no_place": (
        "{path} stands nowhere on a page; a text has no pages, and a field that a form does not have no place",
        "{path} 没有页面位置；纯文本没有页面，表中没有的字段也没有位置",
    ),
    "run.pages": ("{done} of {total} pages recognised", "已识别 {done}/{total} 页"),
    "run.forms": ("{count} forms", "{count} 张表"),
    "run.plain": (
        "{done} of {total} documents, {forms}, {seconds} s",
        "{done}/{total} 个文件，{forms}，{seconds} 秒",
    ),
    "run.no_files": (
        "no file that can be read was found; give a PDF, a picture, an office or text file, or a folder of them",
        "没有找到可读取的文件；请给出 PDF、图片、Office 文件、文本或所在文件夹的路径",
    ),
    "run.other_kinds": (
        "{count} files are of kinds that are not read ({kinds}); convert them to PDF to digitise them",
        "{count} 个文件的类型不受支持（{kinds}）；请转换成 PDF 后再处理",
    ),
    "run.all_failed": (
        "no document could be read; mend what is named above and run the same command again",
        "没有一个文件能够读取；请按上述提示处理后重新运行同一命令",
    ),
    "run.no_forms": (
        "no form was found in any document; check that these are the documents you meant",
        "所有文件中都没有找到表；请检查是否选对了文件",
    ),
    "run.interrupted": (
        "Stopped. {done} of {total} documents are in the store; the same command goes on from there.",
        "已停止。{total} 个文件中已有 {done} 个入库；重新运行同一命令即可继续。",
    ),
    "interrupted": (
        "Stopped; the same command does what is left.",
        "已停止；重新运行同一命令即可完成剩余部分。",
    ),
    "internal": (
        "an error in formtally itself ({kind}); the details are in {log}, FORMTALLY_DEBUG=1 shows them here",
        "formtally 自身出错（{kind}）；详情见 {log}，设 FORMTALLY_DEBUG=1 可直接显示",
    ),
    # The summary.
    "summary.documents": ("Documents", "文件"),
    "summary.forms": ("Forms", "表"),
    "summary.untouched": ("Without a question", "无需复核"),
    "summary.questions": ("Questions", "待复核"),
    "summary.leaves": ("Fields", "字段"),
    "summary.time": ("Time", "用时"),
    "summary.export": ("Export", "导出"),
    "summary.store": ("Store", "数据库"),
    "summary.next": ("Next", "下一步"),
    "summary.findings": ("Findings", "发现"),
    "summary.check": ("check", "检查项"),
    "summary.error": ("errors", "错误"),
    "summary.warning": ("warnings", "警告"),
    "summary.note": ("notes", "提示"),
    "summary.failed": ("Not read", "未能读取"),
    "summary.page": ("{name}, page {page}", "{name} 第{page}页"),
    "summary.form": ("{name}, form {ordinal}", "{name} 第 {ordinal} 张表"),
    "summary.more_failures": (
        "and {count} more: `formtally status` lists them all",
        "另有 {count} 条：可用 `formtally status` 全部列出",
    ),
    "summary.formless": ("{count} without a form", "{count} 个没有表"),
    "summary.failed_count": ("{count} failed", "{count} 个失败"),
    "summary.stored": ("{count} as stored", "{count} 个此前已入库"),
    "summary.per_form": ("{rate} a form", "每张表 {rate} 项"),
    "summary.model": ("Model", "模型"),
    "summary.calls": ("{count} calls", "{count} 次调用"),
    "summary.tokens": ("{prompt} tokens in, {completion} out", "输入 {prompt}、输出 {completion} 词元"),
    "summary.cost": ("cost {cost}", "费用 {cost}"),
    "summary.spared": ("{count} forms needed none", "{count} 张表无需调用"),
    "summary.speed": ("{seconds} s, {rate} forms a second", "{seconds} 秒，每秒 {rate} 张表"),
    "summary.seconds": ("{seconds} s", "{seconds} 秒"),
    "state.accepted": ("accepted", "采信"),
    "state.review": ("review", "待复核"),
    "state.source_defect": ("source defect", "原件自身有误"),
    "state.decided": ("decided", "已裁定"),
    "next.again": ("mend what was not read, then the same command again", "处理未能读取的文件后，重新运行同一命令"),
    # Status.
    "status.read": ("{read} of {forms} read by this version", "{forms} 张中有 {read} 张由当前版本读取"),
    "status.stale": (
        "{count} documents were read by another version; the same run again brings them up to date",
        "{count} 个文件由其他版本读取；重新运行同一命令即可更新",
    ),
    "status.last_run": ("Last run", "上次运行"),
    "status.run_done": ("{started}, {outcome}", "{started}，{outcome}"),
    "outcome.done": ("done", "已完成"),
    "outcome.interrupted": ("interrupted; the same command goes on", "被中断；重新运行同一命令即可继续"),
    "outcome.open": ("not finished; the same command goes on", "未完成；重新运行同一命令即可继续"),
    "status.never": ("never", "从未运行"),
    # Doctor.
    "doctor.python": ("Python", "Python"),
    "doctor.packages": ("Packages", "软件包"),
    "doctor.forms": ("Form types", "表的类型"),
    "doctor.settings": ("Settings", "设置"),
    "doctor.store": ("Store", "数据库"),
    "doctor.processors": ("Processors", "处理器"),
    "doctor.office": ("LibreOffice", "LibreOffice"),
    "doctor.no_office": (
        "not installed: .doc, .xls, .wps, .rtf and .ods are not read without it",
        "未安装：没有它就不能读取 .doc、.xls、.wps、.rtf 和 .ods",
    ),
    "doctor.disk": ("Disk", "磁盘"),
    "doctor.terminal": ("Terminal", "终端"),
    "doctor.packages_ok": ("{count} of {count} there", "{count} 个全部就绪"),
    "doctor.packages_missing": ("{names}", "缺少 {names}"),
    "doctor.store_ok": ("{store}, schema {number}", "{store}，结构版本 {number}"),
    "doctor.store_none": ("{store}, made by the first run", "{store}，首次运行时建立"),
    "doctor.disk_free": ("{free} free at {folder}", "{folder} 剩余 {free}"),
    "doctor.terminal_is": ("{width} columns, {encoding}", "{width} 列，{encoding}"),
    "doctor.no_toml": ("defaults, no formtally.toml", "默认值，没有 formtally.toml"),
    "doctor.toml": ("formtally.toml", "formtally.toml"),
    "doctor.mend_python": ("install Python 3.11 or newer", "请安装 Python 3.11 或更新版本"),
    "doctor.mend_disk": (
        "free some space, or name a store elsewhere with --db",
        "请腾出空间，或用 --db 把数据库放到别处",
    ),
    "doctor.mend_encoding": ("export PYTHONUTF8=1", "export PYTHONUTF8=1"),
    "doctor.mend_width": ("make the window 80 columns wide", "请把窗口加宽到 80 列"),
    "doctor.model": ("Model", "模型"),
    "doctor.no_model": ("none configured; the table reader works without", "未配置；表格读取不需要模型"),
    "doctor.mend_model": (
        "set both FORMTALLY_MODEL__URL and FORMTALLY_MODEL__NAME",
        "请同时设置 FORMTALLY_MODEL__URL 与 FORMTALLY_MODEL__NAME",
    ),
    "doctor.call": ("Call", "调用"),
    "probe.well": ("{model} answers in the form that is asked for", "{model} 能按要求的格式作答"),
    "probe.key": (
        "the endpoint does not accept the key; set FORMTALLY_API_KEY to one that it knows",
        "接口不接受此密钥；请把 FORMTALLY_API_KEY 设为有效的密钥",
    ),
    "probe.url": (
        "something answers at the URL, but no OpenAI-compatible endpoint; correct FORMTALLY_MODEL__URL (mostly …/v1)",
        "该地址有应答，但不是 OpenAI 兼容接口；请改正 FORMTALLY_MODEL__URL（通常以 /v1 结尾）",
    ),
    "probe.unreachable": (
        "nothing answers at the URL; start the server, or correct FORMTALLY_MODEL__URL",
        "该地址没有应答；请启动服务，或改正 FORMTALLY_MODEL__URL",
    ),
    "probe.model": (
        "the endpoint does not know the model; set FORMTALLY_MODEL__NAME to one that it has",
        "接口没有此模型；请把 FORMTALLY_MODEL__NAME 设为它提供的模型",
    ),
    "probe.json_mode": (
        "the endpoint cannot hold answers to a schema; set FORMTALLY_MODEL__MODE to tools, json_object or text",
        "接口不支持按格式作答；请把 FORMTALLY_MODEL__MODE 设为 tools、json_object 或 text",
    ),
    "probe.rate": (
        "the endpoint works and takes no more requests at present; wait, or set FORMTALLY_MODEL__REQUESTS_PER_MINUTE",
        "接口正常，但暂不接受更多请求；请稍候，或设置 FORMTALLY_MODEL__REQUESTS_PER_MINUTE",
    ),
    "probe.quota": (
        "the account of the key has no credit left; top it up",
        "该密钥的账户余额不足；请充值",
    ),
    "probe.timeout": (
        "the model does not answer in time; try again when it is loaded, or raise FORMTALLY_MODEL__TIMEOUT_SECONDS",
        "模型未在限定时间内回答；请待其加载后再试，或调高 FORMTALLY_MODEL__TIMEOUT_SECONDS",
    ),
    "probe.server": (
        "the endpoint fails; look into its log, and try again",
        "接口出错；请查看其日志后再试",
    ),
    "probe.rejected": (
        "the endpoint rejects the request ({detail}); correct the settings of the model that it names",
        "接口拒绝了请求（{detail}）；请改正其中提到的模型设置",
    ),
    "doctor.well": ("All is well.", "一切正常。"),
    # Scores.
    "eval.title": ("{document}", "{document}"),
    "eval.total": ("All documents", "全部文件"),
    "eval.forms": ("Forms", "表"),
    "eval.rows": ("Rows missing / extra", "缺行 / 多行"),
    "eval.accuracy": ("Accuracy", "准确率"),
    "eval.silent": ("Silent errors", "漏检错误"),
    "eval.burden": ("Burden", "复核负担"),
    "eval.causes": ("Ambiguous fields by reason", "疑义字段按原因"),
    "eval.not_flagged": ("not flagged", "未标记"),
    "eval.ambiguous": ("Ambiguous flagged", "疑义字段已标记"),
    "eval.defects": ("Defects raised", "原件错误已报告"),
    "eval.false_errors": ("False errors", "误报错误"),
    "eval.untouched": ("Untouched forms", "无标记的表"),
    "eval.evidence": ("Evidence holds the value", "依据与值相符"),
    "eval.numbers": ("numbers {share}, text {other}", "数字 {share}，文字 {other}"),
    "eval.of_filled": ("{share} of filled fields", "已填字段的 {share}"),
    "eval.of_numbers": ("{count} of numbers", "其中数字 {count}"),
    "eval.extra_forms": ("{count} surplus", "多出 {count}"),
    # Help.
    "help.app": (
        "Turn batches of official forms into records that a statistician can trust.",
        "把成批的表格文件变成统计人员可以信赖的数据。",
    ),
    "help.run": (
        "Digitise files and folders; the same command again goes on where it stopped.",
        "数字化文件和文件夹；再次运行同一命令会接着做。",
    ),
    "help.status": ("Say what is in the store and what failed.", "查看库中内容和失败的文件。"),
    "help.doctor": ("Check the installation; say how to mend what is wrong.", "检查安装，并说明如何修复。"),
    "help.export": (
        "Write records with states, findings and evidence. csv and parquet are folders of tables; in csv, text that a "
        "spreadsheet would take for a number, date or formula (telephones) has a tab in front.",
        "导出记录及其状态、发现和依据。csv 和 parquet 是多个表组成的文件夹；"
        "csv 中会被电子表格误认为数字、日期或公式的文本（如电话）前面加一个制表符。",
    ),
    "help.export.short": (
        "Write records with states, findings and evidence.",
        "导出记录及其状态、发现和依据。",
    ),
    "help.picture": (
        "Cut the picture of a field or a row out of its page.",
        "从页面上截取某个字段或某一行的图片。",
    ),
    "help.picture_document": ("Name of the document, as in the export.", "文件名称，与导出中一致。"),
    "help.picture_path": (
        "Field, row or group: total_score, indicators[3], funding.total.",
        "字段、行或组：total_score、indicators[3]、funding.total。",
    ),
    "help.picture_out": ("File to write, a PNG.", "要写入的 PNG 文件。"),
    "help.form": ("Which form of the document.", "文件中的第几张表。"),
    "help.eval": (
        "Score an export, or the store, against gold records: accuracy, silent errors, burden.",
        "用标准答案评估导出文件或库中数据：准确率、漏检错误、复核负担。",
    ),
    "help.batch": (
        "Ask the model by files, or by batches of the endpoint, at half the price of many providers.",
        "通过文件或接口的批处理向模型提问，许多服务商对此收费减半。",
    ),
    "help.batch.export": (
        "Write what the model is to be asked about the forms of the store, in the OpenAI batch format.",
        "把要就库中的表向模型提出的请求写成 OpenAI 批处理格式的文件。",
    ),
    "help.batch.import": (
        "Take answers into the store, from files in the OpenAI batch format.",
        "从 OpenAI 批处理格式的文件中把回答收入库中。",
    ),
    "help.batch.submit": (
        "Give the endpoint what is to be asked, as batches.",
        "把要提出的请求作为批次提交给接口。",
    ),
    "help.batch.poll": (
        "Look at the batches that were submitted, and take the answers of those that are done.",
        "查看已提交的批次，并收入已完成批次的回答。",
    ),
    "help.batch_out": (
        "File to write; where one is not enough, NAME-2.jsonl and so on too.",
        "要写入的文件；一个不够时另写 NAME-2.jsonl 等。",
    ),
    "help.batch_reader": (
        "Who reads the forms: llm, both, or cascade (only forms in which the table reader has doubts).",
        "由谁读表：llm、both，或 cascade（仅限表格读取存疑的表）。",
    ),
    "help.answers": ("Files of answers, in any order, whole or in part.", "回答文件，顺序不限，可以不完整。"),
    "help.completion_window": (
        "Time that the endpoint may take, as it knows it.",
        "接口处理的时限，按接口支持的写法。",
    ),
    "help.wait": ("Go on until every batch has ended.", "一直等到所有批次结束。"),
    "help.paths": (
        "Files, folders and archives: PDF, scans, Word, Excel, HTML, text.",
        "文件、文件夹或压缩包：PDF、扫描图片、Word、Excel、HTML、文本。",
    ),
    "help.pages_as_documents": (
        "Numbered pictures of a folder are documents of their own, not the pages of one.",
        "文件夹中按编号排列的图片各为一个文件，而不是同一文件的各页。",
    ),
    "help.db": ("Database URL of the store.", "数据库地址。"),
    "help.reader": (
        "Who reads the forms: table, llm, both, or cascade (the model only where the table reader has doubts).",
        "由谁读表：table、llm、both，或 cascade（仅在表格读取存疑时调用模型）。",
    ),
    "help.model": ("Make one tiny call of the model.", "对模型做一次极小的调用。"),
    "help.epoch": ("Have the model read everything anew, as reading N.", "让模型作为第 N 次独立读取重新读取。"),
    "help.max_tokens": ("Stop before the calls of the model take more tokens.", "模型调用的词元总数不超过此数。"),
    "help.max_cost": ("Stop before the calls of the model cost more.", "模型调用的总费用不超过此数。"),
    "help.executor": ("Who does the work: local.", "由谁执行：local。"),
    "help.run_export": ("Write the forms of these paths as JSON Lines.", "把这些路径中的表写成 JSON Lines。"),
    "help.jobs": ("Number of processes; all processors by default.", "进程数；默认用全部处理器。"),
    "help.json": ("As JSON, for programs.", "输出 JSON，供程序使用。"),
    "help.format": (
        "jsonl, csv, xlsx or parquet; without it, what the suffix of --out says.",
        "jsonl、csv、xlsx 或 parquet；不给则按 --out 的扩展名。",
    ),
    "help.out": ("File, or folder for csv and parquet.", "文件；csv 和 parquet 为文件夹。"),
    "help.document": ("Only this document; may be repeated.", "只导出这个文件；可重复。"),
    "help.only": (
        "settled: only forms with nothing left in review; signed: only documents that are signed off.",
        "settled：只要没有待复核项的表；signed：只要已签署的文件。",
    ),
    "help.eval_export": ("An export in JSON Lines; the store without one.", "JSON Lines 导出文件；不给则用库中数据。"),
    "help.gold": ("Folder of gold records, NAME-01.json ...", "标准答案文件夹，NAME-01.json ……"),
    "help.sources": ("Folder of the text documents: check the evidence too.", "文本文件所在文件夹：同时核对依据。"),
    "help.show": (
        "Show this many of the wrong fields, with their values.",
        "显示这么多个有误的字段及其值。",
    ),
    "help.version": ("Say the version.", "显示版本。"),
    # Reasons: why a person is asked, by code; and what the engine itself finds, with its figures.
    "finding.coverage.claimed_twice": ("two leaves are read from the same characters", "两项内容取自同一段文字"),
    "finding.coverage.left_over": (
        "{count} characters of the form are in no field, no label and no known clutter",
        "表上有 {count} 个字不属于任何栏目",
    ),
    "finding.page.failed": (
        "page {page} could not be recognised; a part of the form may stand on it",
        "第 {page} 页未能识别；这张表可能有一部分在这一页上",
    ),
    "finding.text.garbled": (
        "page {page} was recognised: the characters of its text make no sense",
        "第 {page} 页经过图像识别：文件自带的文字是乱码",
    ),
    "finding.text.invisible": (
        "page {page} was recognised: its text is an invisible layer over a picture",
        "第 {page} 页经过图像识别：文件自带的文字是图片上的隐藏层",
    ),
    "finding.text.disagrees": (
        "page {page} was recognised: its text is not what the page shows",
        "第 {page} 页经过图像识别：文件自带的文字与页面显示的不同",
    ),
    "finding.file.repaired": (
        "the file is damaged and was repaired as far as possible; pages of it may be missing",
        "文件已损坏，已尽量修复；可能缺页",
    ),
    "finding.pictures.unread": (
        "the document holds large pictures, which were not read; save it as PDF to have them recognised",
        "文件中有大幅图片，没有读取；另存为 PDF 后即可识别",
    ),
    "reason.boundary.uncertain": (
        "where this text ends and the next one begins is not certain",
        "这段文字与相邻文字从哪里分开，不确定",
    ),
    "reason.column.uncertain": ("it may belong to another column", "这项内容可能属于另一列"),
    "reason.columns.lost": (
        "a column of figures seems to be lost: the others may have shifted",
        "似乎缺了一列数字：其余各列可能错位",
    ),
    "reason.cell.surplus": ("the row has more cells than there are columns", "这一行的单元格比列多"),
    "reason.cell.strained": ("the text is unusual for this column", "这段文字不像是这一列的内容"),
    "reason.label.glued": (
        "the name of a field is glued to what follows it",
        "栏目名称与后面的文字连在一起",
    ),
    "reason.label.joint": ("the name of one field asks for two things", "一个栏目要求填两项内容"),
    "reason.label.unknown": (
        "a field of an unknown name stands here: this may be its value",
        "这里有一个名称不常见的栏目：这项内容可能是它的",
    ),
    "reason.value.split": ("several cells stand behind the name of the field", "栏目名称后面有几个单元格"),
    "reason.continued": ("it seems to go on in the next row", "内容似乎延续到下一行"),
    "reason.figure.glued": ("a figure is glued to the next word", "数字与后面的文字连在一起"),
    "reason.number.gap": ("the figure has a gap in it: it may be two figures", "数字中间有空隙：可能是两个数"),
    "reason.number.format": ("what is printed is no clean number", "这里印的不是一个清楚的数"),
    "reason.date.format": ("what is printed is no clean date", "这里印的不是一个清楚的日期"),
    "reason.name.format": ("what is printed does not look like a name", "这里印的不像姓名"),
    "reason.phone.format": ("what is printed is no telephone number", "这里印的不是电话号码"),
    "reason.pair.half": ("of the two figures of points only one is printed", "两个分数只印了一个"),
    "reason.row.merged": (
        "for which rows the points are printed is not certain",
        "分数是哪几行的，不确定",
    ),
    "reason.row.missing": ("nothing stands below the heading", "标题下面没有内容"),
    "reason.row.uncertain": (
        "where a row begins is not certain: one may be missing, or one too many",
        "一行从哪里开始，不确定：可能少一行或多一行",
    ),
    "reason.row.torn": ("a part of the row may stand in another row", "这一行的一部分可能在另一行里"),
    "reason.rows.torn": (
        "many rows are without points: the text may not be in the order of the rows",
        "许多行没有分数：文字的顺序可能与各行不符",
    ),
    "reason.layout.columns": (
        "nothing but spaces keeps the columns apart: what belongs to which is not certain",
        "各列之间只有空格：哪些内容属于哪一列，不确定",
    ),
    "reason.header.missing": ("the headings of the columns, or one of them, are missing", "缺少表头，或缺少其中一项"),
    "reason.header.incomplete": ("a heading of the columns is missing", "表头不全"),
    "reason.header.repeated": ("a heading stands there twice", "表头中有一项出现了两次"),
    "reason.header.unknown": ("a heading of the columns is not known", "表头中有一项不常见"),
    "reason.heading.lost": ("the heading of the row is missing, or does not fit", "这一行上面缺标题，或标题不对"),
    "reason.heading.cut": ("the heading is cut off", "标题没有印全"),
    "reason.heading.unknown": ("the heading is not one that such forms have", "这类表通常没有这个标题"),
    "reason.heading.unusual": ("the heading usually stands under another one", "这个标题通常在另一个标题之下"),
    "reason.heading.blank": ("the heading is blank: its text may be lost", "标题是空的：文字可能丢失"),
    "reason.line.missing": ("the line of this amount was not found", "没有找到这一行金额"),
    "reason.line.repeated": ("the line stands there twice", "这一行出现了两次"),
    "reason.line.unknown": ("a line of amounts has a name that is not known", "有一行金额的名称不常见"),
    "reason.total.missing": ("the line of totals was not found", "没有找到总计的一行"),
    "reason.total.cells": ("the line of totals does not hold two figures", "总计的一行不是两个数"),
    "reason.title.missing": ("the title was not found", "没有找到标题"),
    "reason.title.uncertain": (
        "the title is an unusual one, or more text stands above it",
        "标题不常见，或标题上面还有别的文字",
    ),
    "reason.cell.spans": ("it is printed once for several rows", "几行共用这一处内容"),
    "reason.place.column": ("it stands in another column than the rest of its column", "它与同一列的其他内容不在一列"),
    "reason.place.row": ("it stands in another row than the rest of its row", "它与同一行的其他内容不在一行"),
    "reason.place.order": (
        "it stands in another order than in the other rows, or than the headings",
        "它的先后次序与其他行或表头不同",
    ),
    "reason.place.label": (
        "it is a word that the form itself prints, such as the name of a field",
        "它是表格本身印的字（如栏目名称），不像填写的内容",
    ),
    "reason.place.heading": ("a nearer heading stands above the row", "这一行上面有更近的标题"),
    "reason.readers.differ": ("two independent readings differ here", "两次独立读取，结果不同"),
    "reason.rows.differ": (
        "two independent readings have different rows here",
        "两次独立读取，这里的行不同",
    ),
    "reason.reference.malformed": ("the model does not say clearly where it stands", "模型没有说清它在哪里"),
    "reason.reference.unknown_cell": ("the model names a place that there is not", "模型指出的位置不存在"),
    "reason.reference.repeated": ("the model names the same place twice", "模型把同一位置指了两次"),
    "reason.reference.above": (
        "the model says that it is shared with the row above, and there is none",
        "模型说它与上一行共用，但上面没有行",
    ),
    "reason.quote.missing": (
        "what the model quotes does not stand where it says",
        "模型摘录的文字不在它所说的位置",
    ),
    "reason.quote.twice": ("what the model quotes stands in several places", "模型摘录的文字出现在几处"),
    "reason.quote.unlocated": ("what the model quotes is nowhere in the form", "模型摘录的文字在表中找不到"),
    "reason.answer.length": (
        "the model gives more, or fewer, values here than there are columns",
        "模型在这里给出的项数与列数不符",
    ),
    "reason.row.blank": ("the row says nothing of its own", "这一行没有自己的内容"),
    "reason.recognition.differs": (
        "the picture was recognised twice, with different characters",
        "图像识别了两次，得到的字不同",
    ),
    "reason.recognition.unsure": (
        "a character is hard to recognise, or looks like another",
        "有的字难以辨认，或与别的字相似",
    ),
    "reason.ink.unread": ("something is written or drawn here that was not read", "这里有字迹或笔画，没有读出来"),
    "reason.grid.uncertain": ("text crosses the lines of the table here", "这里的文字压在表格线上"),
    "reason.grid.not_tiled": ("the lines of the table enclose no rectangle here", "这里的表格线围不成矩形"),
    "reason.grid.broken": ("a line of the table is broken here", "这里的表格线有断开"),
    "reason.grid.open": ("a line at the edge of the table is missing", "表格边上缺一条线"),
    "reason.cell.walls": (
        "the file contradicts itself about where the cell ends",
        "文件对单元格的范围前后说法不一",
    ),
    "reason.table.nested": ("a table stands inside the cell", "单元格里还有一张表"),
    "reason.text.struck": ("something is crossed out here", "这里有划掉的字"),
    "reason.text.raised": ("a raised or a lowered character stands here", "这里有上标或下标"),
    "reason.text.clipped": ("characters are cut off at the edge", "边上的字没有印全"),
    "reason.text.hidden": ("the file holds text here that is not visible", "文件在这里有看不见的文字"),
    "reason.text.overlaid": ("characters lie over one another", "有的字叠在一起"),
    "reason.text.symbol": ("a character of a symbol font stands here", "这里有符号字体的字符"),
    "reason.text.equation": ("an equation stands here", "这里有数学公式"),
    "reason.text.lost": ("something stands here that is not text", "这里有不是文字的内容"),
    "reason.cell.picture": ("a picture stands in the cell", "单元格里有图片"),
    "reason.number.shown": (
        "how the spreadsheet shows the number is not certain",
        "电子表格把这个数显示成什么，不确定",
    ),
    "reason.formula.no_result": ("the file does not hold the result of the formula", "文件里没有公式的结果"),
    "reason.formula.stale": ("the result of the formula may be out of date", "公式的结果可能已经过时"),
    "reason.field.no_result": (
        "the word processor fills this in itself, and the file does not hold with what",
        "这里由文字处理软件自动填写，文件里没有填写结果",
    ),
    "reason.page.failed": ("a page beside the form could not be read", "这张表旁边有一页未能读取"),
    "reason.coverage.left_over": ("characters of the form are in no field", "表上有的字不属于任何栏目"),
    "reason.coverage.claimed_twice": ("two fields are read from the same characters", "两项内容取自同一段文字"),
    "reason.reader.failed": ("the form could not be read", "这张表未能读取"),
    "reason.settle.failed": ("the form could not be checked", "这张表未能核对"),
    "reason.model.refused": ("the model refuses to read the form", "模型拒绝读取这张表"),
    "reason.model.invalid": ("the model's answer cannot be used", "模型的回答无法使用"),
    "reason.model.empty": ("the model gave an empty answer", "模型的回答是空的"),
    "reason.model.truncated": ("the model's answer was cut off", "模型的回答不完整"),
    "reason.model.too_long": ("the form is too long for the model", "这张表太长，模型读不下"),
    "reason.model.rate_limited": ("the model took no more requests", "模型当时不接受更多请求"),
    "reason.model.server": ("the model failed", "模型服务出错"),
    "reason.model.timeout": ("the model did not answer in time", "模型没有按时回答"),
    "reason.model.unreachable": ("the model could not be reached", "连接不上模型"),
    "reason.model.rejected": ("the model did not accept the request", "模型没有接受请求"),
    "reason.model.nothing": ("there was nothing that the model could be shown", "没有可供模型读取的内容"),
    "reason.model.pending": ("the model has not read the form yet", "模型还没有读这张表"),
    "reason.model.budget": (
        "the model has not read the form: the limit of costs was reached",
        "模型没有读这张表：已到费用上限",
    ),
    "reason.model.stopped": (
        "the model has not read the form: the run was stopped",
        "模型没有读这张表：运行已停止",
    ),
    "reason.row.added": (
        "somebody added this row: what is printed in it has to be keyed",
        "这一行是复核时补上的：请录入其中的内容",
    ),
    "reason.second.wanted": (
        "a second person has to decide this, independently of the first",
        "这一项需要第二个人独立裁定",
    ),
    "reason.second.differs": ("two people decided this differently", "两个人的裁定不同"),
    "reason.leaf.lost": (
        "it was not found: is it printed?",
        "没有找到这一项：原件上有吗？",
    ),
    "reason.rescan": (
        "somebody could not read this: it is on the rescan list",
        "有人看不清这里：已列入重新扫描清单",
    ),
    "reason.decision.orphan": (
        "an earlier decision belongs here or nearby, and its place is not found any more",
        "以前有一项裁定，现在找不到它对应的位置",
    ),
    "reason.audit": (
        "accepted without a question, and drawn at random to be checked",
        "此前已直接采信，随机抽中复查",
    ),
    "field.whole_form": ("the whole form", "整张表"),
    # Deciding.
    "review.orphan_kind": (
        "this decision has lost its place: take it back, put it off or add a note; the leaf itself is asked apart",
        "这项决定已失去其位置：请撤销、跳过或加备注；该栏目本身会另行询问",
    ),
    "review.no_such_kind": (
        "“{kind}” decides nothing here; type ? for what does",
        "此处不能选择“{kind}”；输入 ? 查看可用的决定",
    ),
    "review.where": ("name the cell at which the form begins", "请指明表从哪个单元格开始"),
    "review.split_where": (
        "a second form begins inside this one, behind its first cell; choose a cell there",
        "第二张表应从本表首个单元格之后开始；请在其中选择一个单元格",
    ),
    "review.form_missing_where": (
        "a form that was overlooked begins outside of this one; choose a cell there",
        "被遗漏的表应从本表之外开始；请在那里选择一个单元格",
    ),
    "review.no_row": (
        "this is about no row of a table; accept, correct or skip it",
        "此处不涉及表格的行；请采信、更正或跳过",
    ),
    "review.which_row": ("give the number of the row, from {least} to {most}", "请给出行号，从 {least} 到 {most}"),
    "review.conflict": (
        "somebody else has decided this, or is deciding it; nothing was changed, go on with the next",
        "他人已作出或正在作出此项决定；未作任何更改，请继续下一项",
    ),
    "review.nothing_read": (
        "no reader read anything here, so there is nothing to accept; key what is printed, or say that it is blank",
        "此处没有读到任何内容，无可采信；请录入所印内容，或选择空白",
    ),
    "review.rows_value": (
        "rows are not keyed as a value; accept them, or say which is missing or surplus",
        "行不能作为数值录入；请采信，或指明缺少或多余的行",
    ),
    "review.malformed": (
        "this is no value of that kind; key it as it is printed, digits only for figures",
        "这不是该类型的值；请按所印录入，数字只录数字",
    ),
    "review.empty_note": ("the note is empty; write it, or go back", "备注为空；请填写或返回"),
    # Review commands.
    "decision.accept": ("accept", "采信"),
    "decision.correct": ("correct", "更正"),
    "decision.blank": ("blank", "空白"),
    "decision.lost": ("illegible", "无法辨认"),
    "decision.source_defect": ("wrong in the document", "原件有误"),
    "decision.reject_row": ("no row of the form", "不是表中的行"),
    "decision.add_row": ("a row is missing", "缺少一行"),
    "decision.skip": ("skip", "跳过"),
    "decision.note": ("note", "备注"),
    "decision.not_a_form": ("not a form", "不是表"),
    "decision.split": ("another form begins here", "此处开始另一张表"),
    "decision.join": ("goes on in the next section", "与下一段相连"),
    "decision.form_missing": ("a form is missing here", "此处缺少一张表"),
    "decision.undo": ("taken back", "已撤销"),
    "decision.redo": ("holds again", "已恢复"),
    "reader.table": ("table reader", "表格读取"),
    "reader.llm": ("model", "模型"),
    "answer.elsewhere": (
        "`{kind}` needs a place that is chosen on the screen; decide it in `formtally review`",
        "`{kind}` 需要在界面上选定位置；请在 `formtally review` 中裁定",
    ),
    "answer.orphan": (
        "this is an earlier decision that has lost its place; it can be discarded with `undo`, or skipped",
        "这是一条已找不到位置的旧裁定；可用 `undo` 废弃，或跳过",
    ),
    "answer.no_note": ("a note needs words; write them behind it", "备注不能为空；请写明内容"),
    "answer.no_value": (
        "“{kind}” takes no value; leave the value away, or choose another decision",
        "“{kind}”不需要填值；请去掉值，或改选其他裁定",
    ),
    "answer.value_missing": ("the value is missing; give what is printed there", "缺少值；请给出原件上印的内容"),
    "answer.blind": (
        "nothing is accepted unseen here; key what is printed there first",
        "此处不能不看原件就采信；请先录入原件上印的内容",
    ),
    "answer.nobody_read": (
        "no reader read that value here; decide `correct` with it if it is what is printed",
        "没有读者在此读到这个值；如果原件上确实如此，请用 `correct` 裁定",
    ),
    "answer.rows_differ": (
        "{count} rows were read, and rows are added or rejected one by one; do that in `formtally review`",
        "读到 {count} 行，增行和删行需逐行进行；请在 `formtally review` 中处理",
    ),
    "answer.no_figure": (
        "that is no figure; key it as it is printed, such as 1200.50",
        "这不是数字；请按原件录入，如 1200.50",
    ),
    "answer.no_year": ("that is no year; key it as it is printed, such as 2021", "这不是年份；请按原件录入，如 2021"),
    "answer.no_date": (
        "that is no date; key year, month and day, such as 2022-01-20",
        "这不是日期；请录入年月日，如 2022-01-20",
    ),
    "answer.no_phone": (
        "that is no telephone number; key it as it is printed",
        "这不是电话号码；请按原件录入",
    ),
    "answer.no_text": ("that cannot be a value here; key what is printed", "此处不能填这个值；请按原件录入"),
    "queue.no_terminal": (
        "the screen needs a terminal; use `formtally review --plain`, or `formtally review list` for what there is",
        "界面需要终端；请用 `formtally review --plain`，或用 `formtally review list` 查看",
    ),
    "queue.empty": ("Nothing is to be settled.", "没有待复核的内容。"),
    "queue.empty_filtered": (
        "Nothing is to be settled under these filters.",
        "在这些筛选条件下没有待复核的内容。",
    ),
    "queue.no_reviewer": (
        "nobody knows who you are here; give your name with --reviewer",
        "无法得知您是谁；请用 --reviewer 给出姓名",
    ),
    "queue.bad_reviewer": (
        "a reviewer's name has up to 100 characters and no comma; give another with --reviewer",
        "复核人姓名最多 100 个字符，且不能含逗号；请用 --reviewer 另给",
    ),
    "queue.options_first": (
        "{option} stands before the command; write it behind: `formtally review {command} {option} ...`",
        "{option} 写在了子命令之前；请写在后面：`formtally review {command} {option} ...`",
    ),
    "queue.audit_of_all": (
        "an audit draws from the whole store; leave the filters away",
        "抽查以整个库为对象；请去掉筛选条件",
    ),
    "queue.bad_share": (
        "--audit-to takes a share of errors that is to be proven, such as 0.1%",
        "--audit-to 应为要证明的错误率，如 0.1%",
    ),
    "queue.bad_kind": (
        "there is no decision {kind}; use one of {known}",
        "没有 {kind} 这种裁定；请用其中之一：{known}",
    ),
    "queue.no_item": (
        "no entry of the queue has an id that begins with {id}; `formtally review list` shows them",
        "待复核清单中没有以 {id} 开头的编号；可用 `formtally review list` 查看",
    ),
    "queue.several": (
        "more than one entry has an id that begins with {id}; give more of it",
        "有多条的编号以 {id} 开头；请给出更多位",
    ),
    "queue.held": (
        "{name} has it open just now; try again when it is free",
        "{name} 正在处理这一条；请稍后再试",
    ),
    "queue.not_by_you": (
        "{name} has answered it before, and another person has to answer it now",
        "{name} 已经答过这一条，现在须由另一人作答",
    ),
    "queue.column.id": ("id", "编号"),
    "queue.column.where": ("where", "位置"),
    "queue.column.why": ("why", "原因"),
    "queue.column.read": ("as read", "读取结果"),
    "queue.more": (
        "and {count} more; --limit 0 lists them all",
        "另有 {count} 条；用 --limit 0 全部列出",
    ),
    "queue.held_by": ("{name} has it", "{name} 处理中"),
    "queue.decided": ("{id} · {place}: {said}", "{id} · {place}：{said}"),
    "plain.counts": (
        "{open} questions in {documents} documents · {held} held by others · {skipped} put off by you",
        "{documents} 个文件中有 {open} 个问题 · 他人处理中 {held} · 您已推迟 {skipped}",
    ),
    "plain.nothing_left": (
        "Nothing is left that others do not have; `formtally review undo` takes your last decision back.",
        "除他人正在处理的以外，已没有问题；用 `formtally review undo` 可撤销您的上一个裁定。",
    ),
    "plain.left": ("Left; all that was decided is stored.", "已离开；所有裁定均已保存。"),
    "plain.document": ("Document", "文件"),
    "plain.form": ("form {ordinal}", "第 {ordinal} 张表"),
    "plain.form_name": ("Form", "表"),
    "plain.field": ("Field", "字段"),
    "plain.row": ("Row", "行"),
    "plain.why": ("Why", "原因"),
    "plain.remark": ("Note", "备注"),
    "plain.page": ("Page", "页"),
    "plain.decision": ("Decision", "裁定"),
    "plain.orphan": (
        ":discard removes the old decision, :skip leaves it",
        ":discard 废弃旧裁定，:skip 留待以后",
    ),
    "plain.key": ("What is printed there", "原件上印的是什么"),
    "plain.key_seen": (
        "Enter accepts 1; else key what is printed, or :2 for the second",
        "回车采信第 1 项；否则录入原件内容，或用 :2 选第二项",
    ),
    "plain.choose": (
        "Enter accepts 1; 2 chooses the second; =TEXT corrects",
        "回车采信第 1 项；输入 2 选第二项；用 =文字 更正",
    ),
    "plain.type": ("=TEXT gives what is printed; :blank if nothing is", "用 =文字 录入原件内容；没有则 :blank"),
    "plain.confirm": ("Enter confirms {value}; else key it again", "回车确认 {value}；否则重新录入"),
    "plain.confirm_blank": (
        "Enter confirms that nothing is printed; else key what is",
        "回车确认为空白；否则请录入",
    ),
    "plain.or_first": (", or :1 for the first of those above", "，或用 :1 选上面第一项"),
    "plain.rows": ("How many rows are printed in the table?", "表中印有多少行？"),
    "plain.neighbour": (
        "{value} stands beside, at {label}. Is it the right row?",
        "{value} 是旁边的值（{label}）。行看对了吗？",
    ),
    "plain.nobody_read": ("Nobody read {value} here. What was read:", "没有读者读到 {value}。读取结果："),
    "plain.nobody_read_blank": ("Is nothing printed there? What was read:", "那里确实没有内容吗？读取结果："),
    "plain.nothing_read": ("Nothing could be read there.", "那里没有读到任何内容。"),
    "plain.rows_read": (
        "You count {keyed} rows; {read} were read, which begin so:",
        "您数得 {keyed} 行；读到 {read} 行，各行开头如下：",
    ),
    "plain.rows_differ": (
        ":add 3 if a row is missing behind row 3, :reject 3 if row 3 is none, or count again",
        "第 3 行之后缺一行用 :add 3，第 3 行不是表中的行用 :reject 3，或重新数",
    ),
    "plain.rows_which": (
        "Say which row it is: :add 3 behind row 3, :add 0 before the first, :reject 3 for row 3.",
        "请写明行号：:add 3 在第 3 行之后，:add 0 在第一行之前，:reject 3 指第 3 行。",
    ),
    "plain.nothing_there": ("(nothing)", "（空白）"),
    "plain.unprintable": (
        "The line holds characters that cannot be shown; key it again.",
        "这一行含有无法显示的字符；请重新录入。",
    ),
    "plain.not_understood": (
        "To correct the text, put = in front; to choose, give its number; ? for help.",
        "更正文字请在前面加 =；选择请输入序号；? 查看帮助。",
    ),
    "plain.no_candidate": ("There is no number {number}.", "没有第 {number} 项。"),
    "plain.no_command": ("There is no command :{word}; ? lists them.", "没有命令 :{word}；? 可列出全部命令。"),
    "plain.split_where": (
        "Give the number of the line at which the other form begins, such as :split 12; :source shows all lines.",
        "请给出另一张表开始的行号，如 :split 12；:source 显示全部行。",
    ),
    "plain.stored": ("Stored: {said}.", "已保存：{said}。"),
    "plain.with_value": ("{kind}, {value}", "{kind}，{value}"),
    "plain.together": ("The same in {count} places.", "共 {count} 处同样裁定。"),
    "plain.gone": (
        "{count} more left the queue with it: what they were asked for holds now.",
        "另有 {count} 条随之离开清单：其原因已不存在。",
    ),
    "plain.settled": ("Nothing is left to ask of {document}.", "{document} 已没有问题。"),
    "plain.no_same": ("The same is asked nowhere else.", "别处没有同样的问题。"),
    "plain.same": (
        "Enter takes all of them; numbers only these; 0 none",
        "回车全选；输入序号只选这些；0 不选",
    ),
    "plain.same_chosen": (
        "The answer will be given for {count} other places, too.",
        "答案将同时用于另外 {count} 处。",
    ),
    "plain.same_numbers": ("Give numbers from 1 to {count}.", "请输入 1 到 {count} 的序号。"),
    "plain.nothing_to_undo": ("There is nothing to take back.", "没有可撤销的裁定。"),
    "plain.nothing_to_redo": ("There is nothing to bring back.", "没有可恢复的裁定。"),
    "plain.undone": ("Taken back ({count}):", "已撤销（{count}）："),
    "plain.redone": ("Holds again ({count}):", "已恢复（{count}）："),
    "plain.help.accept": ("the first value as read is what stands there", "读到的第一个值就是原件内容"),
    "plain.help.blank": ("nothing stands there", "那里没有内容"),
    "plain.help.lost": ("it cannot be read; the page has to be scanned again", "无法辨认，须重新扫描"),
    "plain.help.defect": (
        "it is read rightly and wrong in the document; :defect 12.5 where the value has to be keyed",
        "读取无误，是原件自身有误；须录入时写 :defect 12.5",
    ),
    "plain.help.reject": ("the row is none of the form's", "该行不是表中的行"),
    "plain.help.add": ("a row is missing behind this one", "这一行之后缺少一行"),
    "plain.help.skip": ("not now; it comes last", "暂不处理，最后再问"),
    "plain.help.note": (":note TEXT leaves a remark and asks on", ":note 文字 留下备注，继续提问"),
    "plain.help.not-a-form": ("this is no form", "这不是表"),
    "plain.help.split": (":split 12: another form begins at line 12", ":split 12：第 12 行开始另一张表"),
    "plain.help.join": ("the form goes on in the next section", "此表与下一段相连"),
    "plain.help.discard": ("the old decision that lost its place is discarded", "废弃已找不到位置的旧裁定"),
    "plain.help.undo": ("take back the last decision", "撤销上一个裁定"),
    "plain.help.redo": ("let it hold again", "恢复刚撤销的裁定"),
    "plain.help.same": ("answer the same question in other places together", "同样的问题一并回答"),
    "plain.help.source": ("print the whole form", "显示整张表的原文"),
    "plain.help.help": ("this list; ? does the same", "显示本列表；? 亦可"),
    "plain.help.quit": ("leave; all that was decided is stored", "离开；所有裁定均已保存"),
    "plain.help_lines": (
        "A line without a colon answers the question. A text that begins with a colon is written with = in front. "
        "The beginning of a command is enough.",
        "不以冒号开头的一行就是答案。以冒号开头的文字请在前面加 =。命令可只写开头。",
    ),
    "workbook.items": ("questions", "问题"),
    "workbook.instructions": ("instructions", "说明"),
    "workbook.title": ("How to fill in this workbook", "如何填写本工作簿"),
    "workbook.step.1": (
        "Every row of the sheet “questions” asks what is printed at one place of a form. Look at the document, the "
        "picture or the excerpt: the place in question stands between 【 and 】.",
        "“问题”工作表的每一行询问表中某一处印的是什么。请查看原件、图片或原文摘录：所问之处在【】之间。",
    ),
    "workbook.step.2": (
        "Type what is printed there into the column “value”, exactly as it is printed. A value alone is enough: it "
        "means “this is what I read”. You are not shown what the program read, so that you look for yourself.",
        "请把原件上印的内容照原样填入“值”一栏。只填值即可，表示“我看到的是这个”。"
        "这里不显示程序读到的结果，以便您独立查看。",
    ),
    "workbook.step.3": (
        "Where what was read is shown, choose “accept” if it is right, or type the right text into “value”.",
        "凡列出读取结果的，正确则选“采信”，不正确则在“值”中填入正确的文字。",
    ),
    "workbook.step.4": (
        "Where something else is to be said (nothing is printed, it cannot be read), choose it from the list in "
        "“decision” and leave “value” empty.",
        "如有其他情况（没有内容、无法辨认等），请在“裁定”的下拉列表中选择，“值”留空。",
    ),
    "workbook.step.5": (
        "Leave both empty where you do not want to answer. Write your name at the top of the sheet “questions”.",
        "不想回答的两栏都留空。请在“问题”工作表顶端填写姓名。",
    ),
    "workbook.step.6": (
        "You may sort and filter, delete rows, and send the file back in part. Save it as .xlsx.",
        "可以排序、筛选、删除行，也可以只填一部分就交回。请保存为 .xlsx。",
    ),
    "workbook.columns": ("Columns", "各栏"),
    "workbook.decisions": ("Decisions", "裁定"),
    "workbook.filled_by": ("Filled in by:", "填写人："),
    "workbook.choose": ("Choose from the list, or leave it empty.", "请从列表中选择，或留空。"),
    "workbook.nothing": ("(nothing)", "（空白）"),
    "workbook.column.id": ("id", "编号"),
    "workbook.column.document": ("document", "文件"),
    "workbook.column.form": ("form", "表"),
    "workbook.column.field": ("field", "字段"),
    "workbook.column.row": ("row", "行"),
    "workbook.column.why": ("why", "原因"),
    "workbook.column.source": ("source", "原文"),
    "workbook.column.picture": ("picture", "图片"),
    "workbook.column.read": ("as read", "读取结果"),
    "workbook.column.decision": ("decision", "裁定"),
    "workbook.column.value": ("value", "值"),
    "workbook.column.note": ("note", "备注"),
    "workbook.about.document": ("The document, as it is called in the store.", "文件名称，与库中一致。"),
    "workbook.about.form": ("Which form of the document.", "文件中的第几张表。"),
    "workbook.about.field": ("What is asked for, as the form prints it.", "所问字段，按表上所印。"),
    "workbook.about.row": ("The row of the table that it stands in.", "所在的行。"),
    "workbook.about.why": ("Why it is asked.", "提问的原因。"),
    "workbook.about.source": (
        "The rows around it; ▶ marks the row, 【】 the place. Cells are parted by │.",
        "前后各行；▶ 标出所在行，【】标出所问之处，│ 分隔单元格。",
    ),
    "workbook.about.picture": (
        "The row on its page, where the document has pages.",
        "该行在页面上的图片（有页面的文件）。",
    ),
    "workbook.about.read": (
        "What was read and by whom; empty where you are to look for yourself.",
        "读取结果及读者；须独立查看的为空。",
    ),
    "workbook.about.decision": ("To be filled in: one of the list, or nothing.", "填写：从列表中选择，或留空。"),
    "workbook.about.value": ("To be filled in: what is printed there.", "填写：原件上印的内容。"),
    "workbook.about.note": ("To be filled in, if you like: a remark for others.", "可填写：给他人的备注。"),
    "workbook.decision.accept": ("What was read is what is printed there.", "读取结果与原件一致。"),
    "workbook.decision.correct": ("What stands in “value” is printed there.", "原件上印的是“值”栏中的内容。"),
    "workbook.decision.blank": ("Nothing is printed there.", "那里没有内容。"),
    "workbook.decision.lost": ("It cannot be read; the page has to be scanned again.", "无法辨认，须重新扫描。"),
    "workbook.decision.source_defect": (
        "It is read rightly and is wrong in the document; it stays as it is printed. Give the value, too, where what "
        "was read is not shown.",
        "读取无误，是原件自身有误，按原样保留。未列出读取结果的还须填值。",
    ),
    "workbook.decision.reject_row": ("The row is none of the form's.", "该行不是表中的行。"),
    "workbook.decision.skip": ("Not now, or not by me.", "暂不处理，或不由我处理。"),
    "workbook.exported": ("{count} questions in {path}", "已导出 {count} 个问题到 {path}"),
    "workbook.orphans": (
        "{count} decisions that have lost their place are not in it; they are asked in `formtally review`",
        "{count} 条已找不到位置的旧裁定未导出；请在 `formtally review` 中处理",
    ),
    "workbook.suffix": (
        "{path} is no name of a workbook; name a file that ends in .xlsx",
        "{path} 不是工作簿的名称；请给出以 .xlsx 结尾的文件名",
    ),
    "workbook.exists": (
        "{path} exists already, and somebody may have filled it in; name another file",
        "{path} 已存在，可能已有人填写；请另选文件名",
    ),
    "workbook.not_ours": (
        "{path} is no workbook that `formtally review export` made; save it as .xlsx, or take the exported one",
        "{path} 不是 `formtally review export` 导出的工作簿；请另存为 .xlsx，或使用导出的文件",
    ),
    "workbook.unreadable": (
        "{path} cannot be opened ({cause}); check the path",
        "无法打开 {path}（{cause}）；请检查路径",
    ),
    "workbook.no_reviewer": (
        "the workbook does not say who filled it in; give the name with --reviewer",
        "工作簿没有写明填写人；请用 --reviewer 给出姓名",
    ),
    "workbook.other_reviewer": (
        "the workbook was filled in by {name}, who is not who --reviewer names; leave --reviewer away",
        "工作簿的填写人是 {name}，与 --reviewer 不符；请去掉 --reviewer",
    ),
    "workbook.interrupted": (
        "Stopped; {done} of {total} rows are done, and the same command does the others.",
        "已停止；{total} 行中已处理 {done} 行，重新运行同一命令即可处理其余。",
    ),
    "workbook.refused_line": ("row {number}, {place}", "第 {number} 行，{place}"),
    "workbook.applied": ("Taken", "收入"),
    "workbook.known": ("Known already", "此前已收入"),
    "workbook.spared": ("Asked no more", "已不再询问"),
    "workbook.empty": ("Left empty", "未填"),
    "workbook.refused": ("Not taken", "未收入"),
    "workbook.nothing_new": (
        "Nothing in it is new: all that is filled in was imported before.",
        "没有新内容：所填内容此前均已收入。",
    ),
    "workbook.nothing_filled": ("Nothing is filled in.", "没有填写任何内容。"),
    "workbook.bad_decision": (
        "“{words}” is no decision; choose one from the list",
        "“{words}”不是列表中的裁定；请从列表中选择",
    ),
    "workbook.formula": (
        "the value is a formula; type what is printed there",
        "值是公式；请直接填写原件上印的内容",
    ),
    "workbook.turned": (
        "the spreadsheet has made a number or a date of {value}; type it again with an apostrophe in front",
        "表格软件把 {value} 当成了数字或日期；请在前面加撇号后重新填写",
    ),
    "workbook.unknown": (
        "this store has no such question; import it into the store that it was exported from",
        "库中没有这个问题；请导入到导出它的数据库",
    ),
    "workbook.gone": (
        "its place is not found any more: the document was cut or read anew; export it again",
        "已找不到其位置：文件已重新切分或读取；请重新导出",
    ),
    "workbook.holds_otherwise": (
        "it is not asked any more, and something else holds there; look at it again",
        "已不再询问，而目前的值与所填不同；请再核对",
    ),
    "workbook.decided_same": (
        "{name} has decided the same meanwhile ({said})",
        "{name} 已作出相同裁定（{said}）",
    ),
    "workbook.decided_other": (
        "{name} has decided otherwise meanwhile ({said}); settle it with them",
        "{name} 已作出不同裁定（{said}）；请与其商定",
    ),
    "workbook.twice": (
        "the question stands in the workbook more than once, with different answers; keep one",
        "同一问题在工作簿中出现多次且答案不同；请只保留一个",
    ),
    "help.review": (
        "Settle what the readers doubt, in the terminal; with a command behind it, by other ways.",
        "在终端中复核存疑内容；后接子命令则用其他方式。",
    ),
    "help.review.list": ("Say what is to be settled, without claiming it.", "列出待复核的内容，不占用。"),
    "help.review.decide": (
        "Settle entries of the queue by their id: for automation.",
        "按编号裁定待复核条目，供自动化使用。",
    ),
    "help.review.undo": ("Take back your last decision.", "撤销您的上一个裁定。"),
    "help.review.redo": ("Let the decision that you took back last hold again.", "恢复您刚撤销的裁定。"),
    "help.review.export": (
        "Write what is to be settled as a workbook for colleagues.",
        "把待复核内容写成工作簿，交给同事填写。",
    ),
    "help.review.import": (
        "Take what colleagues wrote into such a workbook.",
        "收入同事在工作簿中填写的内容。",
    ),
    "help.plain": (
        "Questions as printed lines, answers as typed lines: for simple terminals and scripts.",
        "逐行提问、逐行作答：适用于简单终端和脚本。",
    ),
    "help.reviewer": ("Who decides; by default the account's name.", "裁定人；默认为账户名。"),
    "help.in_document": ("Only documents whose name holds this.", "只要名称含此内容的文件。"),
    "help.reason": (
        "Only what is asked for this reason: the code of a check or a doubt, or what it begins with.",
        "只要因此原因提问的：检查项或疑点的代码，或其开头。",
    ),
    "help.body": ("Only forms of bodies whose name holds this.", "只要单位名称含此内容的表。"),
    "help.year": ("Only forms of this year.", "只要此年度的表。"),
    "help.audit": (
        "Draw N accepted values at random, to be asked blind like the others.",
        "随机抽取 N 个已采信的值，同样盲录复核。",
    ),
    "help.audit_to": (
        "Draw as many as the proof of this rate of silent errors needs, such as 0.1%.",
        "抽取足以证明此漏检错误率的数量，如 0.1%。",
    ),
    "help.limit": ("Show at most N entries; 0 for all.", "最多显示 N 条；0 为全部。"),
    "help.show_candidates": (
        "Show what was read also where it is asked blind.",
        "盲录的字段也显示读取结果。",
    ),
    "help.ids": ("Ids of entries, or what they begin with.", "条目编号，或其开头。"),
    "help.kind": (
        "accept, correct, blank, lost, source_defect, reject_row, add_row, skip, note, not_a_form, join; undo for a "
        "decision that has lost its place.",
        "accept、correct、blank、lost、source_defect、reject_row、add_row、skip、note、not_a_form、join；"
        "对已失去位置的旧裁定用 undo。",
    ),
    "help.value": ("What is printed there, or the words of a note.", "原件上印的内容，或备注的文字。"),
    "help.review_out": ("Workbook to write.", "要写入的工作簿。"),
    "help.filled": ("Workbook that came back.", "交回的工作簿。"),
    # Audit, life, keying.
    "audit.one": (
        "give either --audit N or --audit-to SHARE, not both",
        "--audit N 与 --audit-to 只能给出其一",
    ),
    "audit.nothing": (
        "no value of the store is accepted without a question; run documents first, or settle what is asked",
        "库中没有直接采信的值；请先运行文件，或先处理待复核内容",
    ),
    "audit.cannot": (
        "{rate} of what was checked so far is wrong, so that at most {share} cannot be proven; mend the cause first",
        "目前复查的错误率为 {rate}，无法证明不超过 {share}；请先解决错误的原因",
    ),
    "audit.needed": (
        "To prove that at most {share} of {population} accepted values are wrong takes {count} more, if none of them "
        "is found wrong; {taken} were drawn before.",
        "要证明 {population} 个已采信的值中错误不超过 {share}，还须抽取 {count} 个，且都没有错误；"
        "此前已抽取 {taken} 个。",
    ),
    "audit.enough": (
        "The {taken} values that were drawn before are enough to prove at most {share}, once all of them are checked.",
        "此前抽取的 {taken} 个值全部复查后，已足以证明不超过 {share}，无须再抽。",
    ),
    "audit.no_more": (
        "All that is accepted was drawn before; there is nothing more to draw.",
        "已采信的值此前均已抽取，没有可再抽的了。",
    ),
    "audit.stratum": ("Accepted values", "已采信的值"),
    "audit.population": ("in all", "总数"),
    "audit.before": ("drawn before", "此前抽取"),
    "audit.drawn": ("Drawn now", "本次抽取"),
    "audit.seed": ("Seed", "随机种子"),
    "audit.figures": ("figures", "数字"),
    "audit.names": ("names, telephones, dates", "姓名、电话、日期"),
    "audit.text": ("text", "文字"),
    "audit.rows": ("rows of a form", "整张表的行数"),
    "audit.digital": ("digital", "电子文本"),
    "audit.recognised": ("recognised", "识别所得"),
    "audit.unknown": ("of unknown origin", "来源不明"),
    "dossier.open": ("open", "未开始"),
    "dossier.in_review": ("in review", "复核中"),
    "dossier.settled": ("settled", "已结清"),
    "dossier.signed_off": ("signed off", "已签署"),
    "dossier.reopened": ("re-opened", "签署后有变"),
    "status.dossiers": ("Review", "复核进度"),
    "status.queue": ("Queue", "队列"),
    "status.questions": ("{count} questions", "{count} 个问题"),
    "status.audits": ("{count} to audit", "抽查 {count} 项"),
    "status.rescan": ("{count} fields to scan again", "{count} 个字段须重新扫描"),
    "status.audit": ("Silent errors", "漏检错误"),
    "status.audit_begun": (
        "not measured yet: none of {drawn} drawn of {population} accepted values is checked",
        "尚未测得：从 {population} 个已采信的值中抽取了 {drawn} 个，均未复查",
    ),
    "status.audit_found": (
        "{rate} (95 %: {low} to {high}): {wrong} wrong of {checked} checked, {drawn} drawn, {population} accepted",
        "{rate}（95 % 区间 {low} 至 {high}）：复查 {checked} 个，错误 {wrong} 个；"
        "已采信 {population} 个，共抽取 {drawn} 个",
    ),
    "status.reviewer": ("Reviewer", "复核人"),
    "status.decisions": ("decisions", "裁定"),
    "status.seconds": ("seconds", "秒数"),
    "status.blind": ("blind", "盲录"),
    "status.double": ("double", "双人"),
    "status.audited": ("audit", "抽查"),
    "status.people": (
        "Seconds: the median. Blind, double, audit: how many agreed with a reader, with the other person, with what "
        "had been accepted, and of how many.",
        "秒数为中位数。盲录、双人、抽查：与读者、与另一人、与已采信值一致的比例及总数。",
    ),
    "status.reopened": (
        "signed off by {name} on {when}, and changed since; look at it and sign it off again",
        "{name} 于 {when} 签署，此后有变动；请查看后重新签署",
    ),
    "status.more_reopened": (
        "and {count} more; `formtally status --json` lists all",
        "另有 {count} 个；用 `formtally status --json` 全部列出",
    ),
    "export.none_signed": (
        "no document is signed off; `formtally review sign-off --all-settled` does that",
        "没有已签署的文件；可用 `formtally review sign-off --all-settled` 签署",
    ),
    "life.which": (
        "name the documents to sign off, or give --all-settled, not both",
        "请给出要签署的文件，或用 --all-settled，二者只能选一",
    ),
    "life.not_settled": (
        "nothing was signed off; settle what is left in `formtally review` first",
        "没有签署任何文件；请先在 `formtally review` 中处理余下的内容",
    ),
    "life.left": (
        "{document}: {questions} questions are left, and {lost} fields have to be scanned again",
        "{document}：还有 {questions} 个问题，{lost} 个字段须重新扫描",
    ),
    "life.no_form": ("{document}: there is no form in it", "{document}：其中没有表"),
    "life.signed": (
        "{count} documents signed off by {name}; {known} were before",
        "{name} 签署了 {count} 个文件；此前已签署 {known} 个",
    ),
    "life.nothing_lost": ("Nothing has to be scanned again.", "没有须重新扫描的内容。"),
    "life.document": ("document", "文件"),
    "life.page": ("page", "页"),
    "life.form": ("form", "表"),
    "life.field": ("field", "字段"),
    "keying.pages": ("page {pages}", "第 {pages} 页"),
    "keying.form": ("{document} · form {form}", "{document} · 表 {form}"),
    "keying.file": ("The document: {path}", "原件：{path}"),
    "keying.recognised": (
        "Its text was made by a machine out of a picture, so it is not shown: look at the document.",
        "其文字由机器从图片识别而来，故不显示：请看原件。",
    ),
    "keying.help": (
        "Key what is printed; nothing but Enter where nothing is. ^ for points that are printed once for this row and "
        "the one above. =TEXT is taken as it stands. :back asks for the field before, :blank says that nothing is "
        "printed, :lost that it cannot be read, :source shows the form, :quit leaves; what was keyed is stored.",
        "请录入原件上印的内容；没有内容直接回车。分值或得分与上一行合并印一次的输入 ^。=文字 按原样收入。"
        ":back 重录上一字段，:blank 表示没有内容，:lost 表示无法辨认，:source 显示整张表，:quit 离开；"
        "已录入的均已保存。",
    ),
    "keying.rows": (
        "How many rows are printed in the table, without heading and totals?",
        "表中印有多少行（不计表头和合计）？",
    ),
    "keying.heading": (
        "{place} (without points in brackets behind it)",
        "{place}（不含后面括号中的分值）",
    ),
    "keying.above": (
        "{place} (Enter: as above, {above}; :blank if nothing is printed for it)",
        "{place}（回车：同上，{above}；确实没有则 :blank）",
    ),
    "keying.end": (
        "All {count} fields are keyed. Enter ends the form; :back asks for the last one again",
        "{count} 个字段均已录入。回车结束此表；:back 重录最后一项",
    ),
    "keying.finished": ("The form is keyed.", "此表录入完毕。"),
    "keying.none_left": ("No form is left for you to key.", "没有需要您录入的表了。"),
    "keying.left": (
        "Left; what was keyed is stored, and the same command goes on.",
        "已离开；录入内容均已保存，重新运行同一命令即可继续。",
    ),
    "keying.no_form": (
        "{document} has {count} forms; give the number of one of them with --form",
        "{document} 中有 {count} 张表；请用 --form 给出其中一张的序号",
    ),
    "keying.assigned": (
        "To be keyed: {count} forms of {document}, {keyers} times each; `formtally review --keying` asks for them.",
        "{document} 的 {count} 张表待录入，每张 {keyers} 人；请运行 `formtally review --keying`。",
    ),
    "keying.why_lost": ("illegible to {name}", "{name} 无法辨认"),
    "keying.why_rows": (
        "{name} counts {one} rows, {other_name} {other}",
        "{name} 计 {one} 行，{other_name} 计 {other} 行",
    ),
    "keying.why_differs": (
        "{name} keyed {one}, {other_name} {other}",
        "{name} 录入 {one}，{other_name} 录入 {other}",
    ),
    "keying.no_gold": (
        "no form is keyed to its end; assign forms with `formtally review key`, and key them with "
        "`formtally review --keying`",
        "没有录入完毕的表；请用 `formtally review key` 指定，再用 `formtally review --keying` 录入",
    ),
    "keying.same_name": (
        "two forms would both be {name}.json; rename one of the documents and run it again",
        "有两张表的文件名都会是 {name}.json；请给其中一个文件改名后重新运行",
    ),
    "keying.doubt": ("{name} {path}: {why}", "{name} {path}：{why}"),
    "keying.gold": (
        "{count} gold records in {folder}; of {doubts} leaves those who keyed them are not certain: they count as "
        "ambiguous",
        "已在 {folder} 写入 {count} 份标准答案；其中 {doubts} 个字段录入人不确定，计为存疑",
    ),
    "keying.waiting": ("{count} forms are not keyed to their end yet.", "另有 {count} 张表尚未录完。"),
    "keying.left_out": (
        "{count} forms were left out: their place is not found any more, or they come behind the 99th form.",
        "{count} 张表未写入：已找不到位置，或序号超过 99。",
    ),
    "help.review.sign_off": (
        "Vouch for what the forms of settled documents say.",
        "签署已结清的文件。",
    ),
    "help.review.rescan": (
        "List what people could not read, so that its pages can be scanned again.",
        "列出无法辨认、须重新扫描的内容。",
    ),
    "help.review.key": (
        "Have forms keyed blind as a whole, by one or two people: gold records for eval.",
        "指定由一人或两人盲录整张表，作为 eval 的标准答案。",
    ),
    "help.review.gold": (
        "Write gold records of the forms that were keyed as a whole.",
        "把整张录入的表写成标准答案。",
    ),
    "help.signed_documents": ("Documents, by their names in exports.", "文件，按导出中的名称。"),
    "help.all_settled": ("All documents that are settled.", "所有已结清的文件。"),
    "help.keyed_document": ("The document, by its name in exports.", "文件，按导出中的名称。"),
    "help.keyed_form": ("Only this form of the document.", "只要文件中的这张表。"),
    "help.keyers": ("How many people key it, each for themselves: 1 or 2.", "由几人各自录入：1 或 2。"),
    "help.keying": (
        "Key whole forms that were assigned with `review key`, without seeing what was read.",
        "盲录由 `review key` 指定的整张表。",
    ),
    "help.gold_out": ("The folder of gold records.", "标准答案所在文件夹。"),
    # Review app: the lines of the screen.
    "app.head": (
        "{open} to do in {documents} documents · {skipped} put off · {held} held by others",
        "待办 {open} 项，{documents} 个文件 · 搁置 {skipped} · 他人占用 {held}",
    ),
    "app.head.orphans": ("{count} old decisions without a place", "{count} 项旧决定失去位置"),
    "app.head.filter": ("only: {what}", "筛选：{what}"),
    "app.picture.page": ("Page {page}", "第 {page} 页"),
    "app.picture.coming": ("The picture is being cut …", "正在截取图片……"),
    "app.picture.coarse": (
        "The picture is too fine for this terminal; {press} opens the page.",
        "图片对此终端过于精细；按 {press} 打开页面。",
    ),
    "app.picture.none": ("There is no picture of this place.", "此处没有图片。"),
    "app.form": ("{document} · form {label}", "{document} · 表 {label}"),
    "app.blank": ("(nothing is printed)", "（未印内容）"),
    "app.keyed": ("what you keyed", "您键入的"),
    "app.same": (
        "The same is asked in {count} other places: {press} answers them together",
        "另有 {count} 处问的是同一件事：按 {press} 一并回答",
    ),
    "app.remark": ("{who}: {text}", "{who}：{text}"),
    # What may be entered now.
    "app.prompt.figure": ("Key what is printed, then Enter", "键入所印的内容，按回车"),
    "app.prompt.text": ("Key what is printed, then Enter", "键入所印的内容，按回车"),
    "app.prompt.seen": ("Enter takes ▸, or key what is printed", "回车采用 ▸ 所指，或键入所印内容"),
    "app.prompt.rows": ("How many rows has the table in print? Enter", "表中印有几行？键入后回车"),
    "app.prompt.rows_differ": (
        "Key the count again, or add and reject rows",
        "重新键入行数，或增加、剔除行",
    ),
    "app.prompt.row": ("Number of the row? Enter · Esc gives up", "第几行？回车 · Esc 放弃"),
    "app.prompt.note": ("A note for whoever looks here next · Enter keeps it", "给后来者的备注 · 回车保存"),
    "app.prompt.nothing": ("Enter again: nothing is printed", "再按回车：未印内容"),
    "app.prompt.beside": ("Enter again: it is the right row · Esc: key anew", "再按回车：行没有错 · Esc 重新键入"),
    "app.prompt.differs": ("Enter again: that is what is printed · ↑↓ choose", "再按回车：所印确实如此 · ↑↓ 选择"),
    "app.prompt.choose": ("Enter takes ▸ · ↑↓ choose · {press} edits", "回车采用 ▸ 所指 · ↑↓ 选择 · {press} 修改"),
    "app.prompt.edit": ("Correct the text, then Enter · Esc gives up", "修改文字后回车 · Esc 放弃"),
    "app.prompt.orphan": ("{press} discards the old decision", "{press} 放弃旧决定"),
    "app.prompt.orphan_sure": ("Enter: discard it · Esc: keep it", "回车：放弃 · Esc：保留"),
    "app.prompt.place": ("Choose with ← → ↑ ↓ in the source, Enter takes it", "在原文中用 ← → ↑ ↓ 选择，回车确定"),
    "app.prompt.empty": ("Enter looks again", "回车再查"),
    # What is said to what was done.
    "app.nothing_printed": (
        "Nothing was keyed. Is nothing printed there? Enter once more says so.",
        "没有键入内容。那里确实什么都没印吗？再按一次回车确认。",
    ),
    "app.beside": (
        "{value} is what stands beside, at “{label}”. Is it the right row and column?",
        "{value} 是旁边“{label}”的值。行和列看对了吗？",
    ),
    "app.differs": (
        "Nobody read {value}. Below is what was read; Enter confirms what you keyed.",
        "没有人读成 {value}。下面是读到的内容；再按回车即以您键入的为准。",
    ),
    "app.differs_blank": (
        "Something was read there. Below is what; Enter confirms that nothing is printed.",
        "那里读到了内容，见下。再按回车即确认未印内容。",
    ),
    "app.rows.key": ("Count the rows of the table and key the number.", "请数一数表中的行，键入行数。"),
    "app.rows.differ": (
        "You count {keyed} rows, {read} were read. Add the one that is missing, or reject the one that is none.",
        "您数得 {keyed} 行，读到 {read} 行。请增加缺少的行，或剔除不是表中的行。",
    ),
    "app.row.add": (
        "Behind which row is one missing? 0 for before the first.",
        "缺少的行在第几行之后？在第一行之前则键入 0。",
    ),
    "app.row.reject": ("Which row is none of the table's?", "第几行不是表中的行？"),
    "app.row.no_number": ("Key the number of a row, from {least} to {most}.", "请键入行号，{least} 至 {most}。"),
    "app.blind_first": (
        "Key what is printed first; what was read is shown afterwards.",
        "请先键入所印的内容；读到的结果之后才显示。",
    ),
    "app.choose_first": ("Choose with ↑ and ↓ first, or key what is printed.", "请先用 ↑ ↓ 选择，或键入所印内容。"),
    "app.no_candidate": ("There are only {count} to choose from.", "只有 {count} 项可选。"),
    "app.not_here": ("That does not answer this question.", "这不能回答本题。"),
    "app.stray": (
        "This asks for a text: choose with ↑ and ↓, or edit it. What you keyed was not taken.",
        "本题问的是文字：请用 ↑ ↓ 选择，或进行修改。刚才键入的未被采用。",
    ),
    "app.orphan.keys": (
        "This shows an old decision. What you keyed was not taken.",
        "这里显示的是旧决定。刚才键入的未被采用。",
    ),
    "app.too_soon": ("That was too soon to have been read: once more, please.", "刚显示，尚未看清：请再按一次。"),
    "app.orphan.what": ("Decided then: {what} ({path})", "当时的决定：{what}（{path}）"),
    "app.orphan.who": ("By {who}, {time} UTC", "{who}，{time} UTC"),
    "app.orphan.where": ("Where it stood then: {where}", "当时所在：{where}"),
    "app.orphan.sure": (
        "The old decision is discarded for good once you press Enter; the field is asked anew by itself.",
        "按回车后旧决定即被放弃；该字段会另行询问。",
    ),
    "app.decided": ("✓ {label}: {what}", "✓ {label}：{what}"),
    "app.decided_all": ("✓ {label}: {what}, in {count} places", "✓ {label}：{what}，共 {count} 处"),
    "app.gone": (
        "{count} more left the queue: their reason is gone ({reasons})",
        "另有 {count} 项随之离开队列：原因已消除（{reasons}）",
    ),
    "app.settled": ("Nothing is left to ask in {document}.", "{document} 已无待问事项。"),
    "app.noted": ("The note is kept.", "备注已保存。"),
    "app.undone": ("Taken back: {what}", "已撤销：{what}"),
    "app.redone": ("Holds again: {what}", "已恢复：{what}"),
    "app.nothing_to_undo": ("There is nothing to take back.", "没有可撤销的决定。"),
    "app.nothing_to_redo": ("There is nothing that could hold again.", "没有可恢复的决定。"),
    "app.held": (
        "Somebody else has the questions of {document} at present.",
        "{document} 的问题目前由他人处理。",
    ),
    "app.no_same": ("This is asked in no other place.", "别处没有同样的问题。"),
    "app.no_viewer": (
        "There is no program here that opens files; set review.viewer. The document is {path}",
        "此处没有可打开文件的程序；请设置 review.viewer。文件位于 {path}",
    ),
    "app.viewer_failed": (
        "{command} cannot be started; set review.viewer.",
        "无法启动 {command}；请设置 review.viewer。",
    ),
    "app.opened": ("Opened: {path}", "已打开：{path}"),
    "app.quit_with": ("{press} quits.", "按 {press} 退出。"),
    # Nothing left.
    "app.empty.done": ("Nothing is left to ask.", "没有待问事项了。"),
    "app.empty.filtered": ("Nothing is left to ask under this filter: {what}", "该筛选条件下没有待问事项：{what}"),
    "app.empty.held": (
        "{held} questions are with other people; Enter looks whether one has become free.",
        "{held} 项由他人处理；按回车查看是否有空出的。",
    ),
    "app.empty.skipped": ("You put off {skipped}.", "您搁置了 {skipped} 项。"),
    "app.empty.next": ("Next: {command}", "下一步：{command}"),
    # Lists and forms that are laid over.
    "app.help.title": ("Keys", "按键"),
    "app.help.letters": (
        "Letters work where nothing is being keyed, with Alt and as the other key always.",
        "不在键入时可用字母键；任何时候都可用 Alt 加字母或另一按键。",
    ),
    "app.help.settings": (
        "In the settings: review.keys, by the name in the last column.",
        "可在设置 review.keys 中按最后一列的名称更改。",
    ),
    "app.help.answer": ("Answers", "回答"),
    "app.help.rows": ("Rows", "行"),
    "app.help.form": ("Where forms begin and end", "表的起止"),
    "app.help.queue": ("The queue", "队列"),
    "app.help.view": ("Looking, leaving", "查看与退出"),
    "app.help.fixed": ("Always", "固定按键"),
    "app.filter.title": ("Which questions?", "筛选问题"),
    "app.filter.reason": ("Reason", "原因"),
    "app.filter.all": ("all reasons", "全部原因"),
    "app.filter.body": ("Body", "单位"),
    "app.filter.year": ("Year", "年度"),
    "app.filter.document": ("Document", "文件"),
    "app.filter.hint": (
        "Tab goes on · Enter filters · empty fields filter nothing · Esc gives up",
        "Tab 下一项 · 回车筛选 · 留空不限 · Esc 放弃",
    ),
    "app.batch.title": ("“{what}” as the answer in these places, too?", "以下各处也回答“{what}”？"),
    "app.batch.row": ("{document} · form {ordinal} · {field}", "{document} · 第 {ordinal} 张表 · {field}"),
    "app.batch.chosen": ("{count} of {total} chosen, and the one that is asked", "已选 {count}/{total} 处，另加本处"),
    "app.batch.hint": (
        "Space chooses · a all or none · Enter answers · Esc gives up",
        "空格选择 · a 全选或全不选 · 回车回答 · Esc 放弃",
    ),
    "app.sure.hint": ("Enter does it · Esc gives up", "回车执行 · Esc 放弃"),
    "app.sure.not_a_form": (
        "This is no form: nothing of it is asked or exported any more.",
        "这不是表：不再询问，也不再导出。",
    ),
    "app.sure.join": (
        "The form goes on in the next one: both become one form, and are read anew.",
        "本表在下一张表中继续：两者合为一张表并重新读取。",
    ),
    "app.sure.reject_row": ("This row is none of the form's: {row}", "这一行不是表中的行：{row}"),
    "app.sure.add_row": ("A row is missing behind this one: {row}", "在这一行之后缺少一行：{row}"),
    # Keys, by the names of their actions.
    "app.keys.unknown": (
        "review.keys.{name} is no action; the actions are {known}",
        "review.keys.{name} 不是可用的操作；可用的有 {known}",
    ),
    "app.keys.no_key": (
        "review.keys.{name}: “{press}” is no key that can be chosen; take a letter, or one like f5 or ctrl+n",
        "review.keys.{name}：“{press}”不能用作按键；请用字母，或 f5、ctrl+n 之类",
    ),
    "app.keys.twice": (
        "the key {press} is used twice, for {one} and {other}; change one of them in review.keys",
        "按键 {press} 同时用于 {one} 和 {other}；请在 review.keys 中改掉一个",
    ),
    "app.action.confirm": ("confirm", "确认"),
    "app.action.choose": ("choose", "选择"),
    "app.action.choose_number": ("choose by number: #2 Enter", "按编号选择：#2 回车"),
    "app.action.back": ("back", "返回"),
    "app.action.scroll": ("scroll the source", "滚动原文"),
    "app.action.scroll_line": ("scroll by a line", "逐行滚动"),
    "app.action.pane": ("next pane", "下一窗格"),
    "app.action.suspend": ("suspend", "挂起"),
    "app.action.accept": ("accept", "采信"),
    "app.action.correct": ("edit", "修改"),
    "app.action.blank": ("blank", "空白"),
    "app.action.lost": ("illegible", "无法辨认"),
    "app.action.source_defect": ("wrong in print", "原件有误"),
    "app.action.skip": ("skip", "跳过"),
    "app.action.note": ("note", "备注"),
    "app.action.same": ("all alike", "一并回答"),
    "app.action.discard": ("discard", "放弃旧决定"),
    "app.action.reject_row": ("reject row", "剔除行"),
    "app.action.add_row": ("add row", "增加行"),
    "app.action.not_a_form": ("not a form", "不是表"),
    "app.action.split": ("another form begins here", "此处开始另一张表"),
    "app.action.join": ("goes on in the next form", "与下一张表相连"),
    "app.action.form_missing": ("a form is missing here", "此处缺少一张表"),
    "app.action.undo": ("undo", "撤销"),
    "app.action.redo": ("redo", "重做"),
    "app.action.filter": ("filter", "筛选"),
    "app.action.queue": ("queue", "队列"),
    "app.action.open": ("open page", "打开页面"),
    "app.action.open_document": ("open the document", "打开文件"),
    "app.action.help": ("all keys", "全部按键"),
    "app.action.quit": ("quit", "退出"),
}
