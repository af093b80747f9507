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
    "help.only": ("settled: only forms with nothing left in review.", "settled：只要没有待复核项的表。"),
    "help.eval_export": ("An export in JSON Lines; the store without one.", "JSON Lines 导出文件；不给则用库中数据。"),
    "help.gold": ("Folder of gold records, NAME-01.json ...", "标准答案文件夹，NAME-01.json ……"),
    "help.sources": ("Folder of the text documents: check the evidence too.", "文本文件所在文件夹：同时核对依据。"),
    "help.show": (
        "Show this many of the wrong fields, with their values.",
        "显示这么多个有误的字段及其值。",
    ),
    "help.version": ("Say the version.", "显示版本。"),
}
