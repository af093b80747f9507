"""What is said to people of a self-evaluation form: the sentences of its checks, with their figures, and its labels.

The Chinese calls things what the form prints; the English is what exports keep, so a change of it changes them.
"""

from __future__ import annotations

from pipeline.forms import Sentence, Wording
from schemas.self_evaluation.figures import MONEY_COLUMNS
from schemas.self_evaluation.labels import VOCABULARY

__all__ = [
    "ABOVE_RULE",
    "AMOUNT_COLUMNS",
    "BLANK",
    "BUDGETS",
    "BY_BAND",
    "COLUMNS_LOST",
    "COST",
    "COST_OF_INITIAL",
    "CUT",
    "CUT_COLUMN",
    "DIGIT_LOST",
    "DUPLICATE",
    "FILLED_IN_ITS_YEAR",
    "FILLED_IN_OTHER_YEAR",
    "FORM_TWICE",
    "FUNDING_SCORE",
    "GRADE",
    "GROUP_WITHOUT_POINTS",
    "HEADINGS_CUT",
    "HEADING_BEGUN",
    "HEADING_ELSEWHERE",
    "LEFT_OPEN",
    "LONGER_BESIDE",
    "LOOKALIKES",
    "MARKUP",
    "MET",
    "MET_WORD_FOR_WORD",
    "MIDDLE_OF_PHRASE",
    "MISSED",
    "NAME_GOES_ON",
    "NAME_UNENDED",
    "NEEDLESS_ROUNDING",
    "NOT_DONE",
    "NO_CLEAN_NUMBER",
    "NO_DATE",
    "NO_HEADING",
    "NO_LEVEL",
    "NO_NUMBER",
    "NO_PHONE",
    "NO_PLACE",
    "NO_REASON",
    "NO_UNIT",
    "NO_WORDS",
    "OTHER_UNIT",
    "OUT_OF_RANGE",
    "OVERFULFILLED",
    "OVERSPENT",
    "PARTS",
    "PARTS_NOT_PRINTED",
    "POINTS",
    "POINTS_IN_GROUP",
    "PRINTED_RATE",
    "RATE",
    "RATE_AS_FRACTION",
    "RATE_NOT_RECOMPUTED",
    "RATE_OF_ALL",
    "RATE_OF_AMOUNTS",
    "RATE_OF_INITIAL",
    "RATE_OF_NOTHING",
    "RATE_REPEATED",
    "REPEATED",
    "REPEATED_CELLS",
    "ROW_WITHOUT_POINTS",
    "SCORES",
    "SCORES_BLANK",
    "SCORES_BLANK_YET_RIGHT",
    "SCORE_ALONE",
    "SCORE_UNROUNDED",
    "SPELLINGS",
    "STRAY",
    "SUBTOTAL",
    "SUBTOTAL_OF_NO_ROWS",
    "SUBTOTAL_OF_NO_WEIGHTS",
    "TOTAL",
    "WEIGHTS",
    "WEIGHTS_ALONE",
    "WEIGHTS_BLANK",
    "WEIGHTS_BY_CHANCE",
    "WITHIN_ROUNDING",
    "WITHOUT_FUNDING",
    "WITH_FUNDING",
    "WORDING",
    "WORDS_LACKING",
    "YEAR_ALONE",
]

_FIELDS, _MATRIX, _FOOTER = VOCABULARY.fields.labels, VOCABULARY.matrix, VOCABULARY.footer.labels

# Words of sentences.
AMOUNT_COLUMNS = {name: Sentence(name, _MATRIX.columns[name][0]) for name in MONEY_COLUMNS}
BUDGETS = {name: Sentence(name.replace("_", " "), AMOUNT_COLUMNS[name].chinese) for name in MONEY_COLUMNS[:2]}
REPEATED_CELLS = {name: Sentence(name, _MATRIX.columns[name][0]) for name in ("weight", "score")}
WEIGHTS, SCORES = Sentence("weights", "分值"), Sentence("scores", "得分")
WITH_FUNDING, WITHOUT_FUNDING = Sentence("with", "含"), Sentence("without", "不含")
PRINTED_RATE = Sentence("{rate} %", "执行率 {rate}%")
RATE_OF_AMOUNTS = Sentence("the rate of the amounts", "按金额算执行率")

# What is added to a sentence.
WITHIN_ROUNDING = Sentence("{said}: within rounding", "{said}；差额在四舍五入范围内")
NEEDLESS_ROUNDING = Sentence(
    "{said}: within rounding, though nothing there needed it", "{said}；差额在四舍五入范围内，但这些数本不需要舍入"
)

# funding.rate
RATE = Sentence(
    "executed {executed} of {budget} {amount} is {recomputed} %, printed {printed} %",
    "全年执行数 {executed} 占{budget} {amount} 的 {recomputed}%，表上的执行率是 {printed}%",
)
RATE_OF_NOTHING = Sentence("a rate of {rate} % of no budget", "没有预算和支出，执行率却是 {rate}%")
RATE_NOT_RECOMPUTED = Sentence(
    "a rate of {rate} % cannot be recomputed: an amount is not printed", "执行率 {rate}% 无法验算：缺少金额"
)
RATE_OF_ALL = Sentence("{said}, as if all had been spent", "{said}，像是全部支出了")
RATE_OF_INITIAL = Sentence("{said}: the rate is taken of the initial budget", "{said}；执行率是按年初预算数算的")
RATE_AS_FRACTION = Sentence("{said}: printed as a fraction of one", "{said}；执行率写成了小数，不是百分数")
RATE_REPEATED = Sentence("{said}: the total line's rate is repeated", "{said}；这里照抄了年度资金总额的执行率")

# funding.score
FUNDING_SCORE = Sentence(
    "weight {weight} at {rate} is {points} points, printed {printed}",
    "分值 {weight}，{rate}，应得 {points} 分，表上的得分是 {printed}",
)
BY_BAND = Sentence("{said}: rounded, or by a band", "{said}；可能取了整，或按档次给分")

# funding.parts, funding.repeat, funding.columns, funding.order
PARTS_NOT_PRINTED = Sentence("the parts of {column} are not all printed", "{column}的各项来源没有填全")
PARTS = Sentence(
    "the parts of {column} add up to {summed}, the total is printed {total}",
    "{column}的各项来源合计 {summed}，年度资金总额是 {total}",
)
REPEATED = Sentence(
    "the appropriation line repeats the {cell} {once} as {again}",
    "年度资金总额的{cell}是 {once}，当年财政拨款一行重复时成了 {again}",
)
COLUMNS_LOST = Sentence(
    "the total line lacks several of its columns: the others may have shifted",
    "年度资金总额一行缺了几列：其余各列可能错位",
)
OVERSPENT = Sentence(
    "executed {executed} exceeds the annual budget {annual}", "全年执行数 {executed} 超过全年预算数 {annual}"
)

# money.unit, cost.money
NO_UNIT = Sentence("the heading's unit is no unit of money", "项目资金的单位不是货币单位")
OTHER_UNIT = Sentence("printed in {printed} on a form in {unit}", "此处的单位是{printed}，表的单位是{unit}")
COST = Sentence(
    "the cost row says {written}, the money block {block}", "成本指标写的是 {written}，项目资金一栏是 {block}"
)
COST_OF_INITIAL = Sentence(
    "the cost row follows the initial budget, the annual budget is {annual}",
    "成本指标写的是年初预算数，全年预算数是 {annual}",
)
DIGIT_LOST = Sentence("{said}: a digit may be lost", "{said}；可能丢了一位数字")

# weights.total, scores.total
TOTAL = Sentence(
    "the {cells} add up to {summed} {line} the funding line, total printed {total}",
    "各项{cells}合计 {summed}（{line}项目资金一行），总分一行是 {total}",
)
WEIGHTS_BLANK = Sentence("{said}; not every weight is printed", "{said}；有的分值没有填")
SCORES_BLANK = Sentence("{said}; not every weight has a score beside it", "{said}；有的分值旁边没有得分")
SCORES_BLANK_YET_RIGHT = Sentence("{said}, though not every weight has a score", "{said}；数目相符，但有的分值没有得分")
SCORE_UNROUNDED = Sentence(
    "{said}: the total counts the funding score before rounding", "{said}；总分用的是项目资金取整前的得分"
)
WEIGHTS_BY_CHANCE = Sentence(
    "the weights make the total without the funding line only because {weight} is not {score}",
    "不含项目资金一行，分值合计也等于总分，只因为这里的分值是 {weight} 而不是 {score}",
)
WEIGHTS_ALONE = Sentence(
    "the weights make the total without the funding line, unlike in every other form of the document",
    "不含项目资金一行，分值合计已等于总分；文件中其他各表都不是这样",
)

# grade, score.range, level1.subtotal, deviation.missing
GRADE = Sentence(
    "grade {printed} printed, a total score of {score} is {due}", "表上的等级是{printed}，总分 {score} 应为{due}"
)
OUT_OF_RANGE = Sentence("score {score} of weight {weight}", "得分 {score}，分值 {weight}：得分应在零和分值之间")
SUBTOTAL = Sentence(
    "the rows below weigh {summed}, the heading prints {printed}",
    "下面各行分值合计 {summed}，一级指标后面写的是 {printed}",
)
SUBTOTAL_OF_NO_ROWS = Sentence(
    "{printed} points, but no row stands below", "一级指标后面写着 {printed} 分，下面却没有指标"
)
SUBTOTAL_OF_NO_WEIGHTS = Sentence(
    "{printed} points, but no row below prints a weight", "一级指标后面写着 {printed} 分，下面各行却没有分值"
)
NO_REASON = Sentence(
    "{lost} of {weight} points are lost without a reason", "分值 {weight}，扣了 {lost} 分，没有写偏差原因"
)

# score.target
POINTS = Sentence("{score} of {weight} points", "分值 {weight}，得 {score} 分")
NOT_DONE = Sentence("{points} for what is said not to be done", "{points}，实际完成值却写着没有完成")
MET_WORD_FOR_WORD = Sentence(
    "{points} for a target that is met word for word", "{points}，实际完成值却与年度指标值完全相同"
)
MISSED = Sentence("{points}, missed: the rule gives {earned}", "{points}，但没有完成指标：按评分规则应得 {earned}")
ABOVE_RULE = Sentence("{points}, the rule gives {earned}", "{points}，按评分规则应得 {earned}")
MET = Sentence("{points} for a target that is met", "{points}，指标却已完成")
OVERFULFILLED = Sentence(
    "{points} for a target overfulfilled by 200 % or more", "{points}，实际完成值却超过年度指标值 200% 以上"
)

# row.merged, indicator.duplicate
POINTS_IN_GROUP = Sentence(
    "row {row} prints points of its own, in a group that shares one weight and score",
    "第 {row} 行另有自己的分数，而这几行共用一个分值和得分",
)
GROUP_WITHOUT_POINTS = Sentence(
    "rows {first} to {last} share one weight and score, but the first row prints none",
    "第 {first} 行到第 {last} 行共用一个分值和得分，首行却没有",
)
ROW_WITHOUT_POINTS = Sentence(
    "a row with a target prints no points and shares none", "这一行有指标值，却没有分数，也不与别的行共用"
)
SCORE_ALONE = Sentence("a score stands without a weight", "有得分，没有分值")
DUPLICATE = Sentence("row {second} repeats row {first}", "第 {second} 行与第 {first} 行重复")

# markup, field.missing, row.headings, row.incomplete, cell.split, cell.stray
MARKUP = Sentence("markup stands in the cell", "单元格里混进了网页代码")
BLANK = Sentence("a cell that should be filled is blank", "应填的单元格是空的")
NO_PLACE = Sentence("the template has no place for what others ask for", "这种表缺少别的表都有的栏目")
NO_HEADING = Sentence("the row stands under no heading", "这一行缺一级指标或二级指标")
HEADING_ELSEWHERE = Sentence("the level2 heading does not belong there", "这个二级指标不属于上面的一级指标")
NO_WORDS = Sentence("points stand in a row without words", "这一行只有分数，没有文字")
WORDS_LACKING = Sentence(
    "a row with points lacks its name, target or achievement", "这一行有分数，却缺指标名称、指标值或完成值"
)
NO_LEVEL = Sentence(
    "the target states no level, the achievement only one", "年度指标值没有写要达到多少，实际完成值只有一个数"
)
NAME_UNENDED = Sentence("the name ends in the middle of a sentence", "三级指标的文字停在半句话上")
STRAY = Sentence("but for its first character the text is its neighbour's", "除了开头多一个字，这段文字与旁边的相同")

# cell.truncated
CUT = Sentence("the text seems cut off: {why}", "文字可能没有印全：{why}")
MIDDLE_OF_PHRASE = Sentence("it ends in the middle of a phrase", "停在半句话上")
LEFT_OPEN = Sentence("a bracket or a quote is left open", "括号或引号缺后一半")
LONGER_BESIDE = Sentence("the same words stand there at greater length", "同样的话，旁边或别处写得更长")
CUT_COLUMN = Sentence("other cells of the column are cut off at this width", "同一列的其他单元格也在这个宽度被截断")
HEADING_BEGUN = Sentence("it is the beginning of a known heading", "这只是一个常见指标名称的开头")
HEADINGS_CUT = Sentence("other headings of the column are cut off", "同一列的其他指标名称被截断")
NAME_GOES_ON = Sentence(
    "another name of the document goes on to the end of the word", "文件里另一个名称把最后的词写全了"
)

# date.year, number.format, phone.format
NO_DATE = Sentence("the date of filling is no date", "填写日期不是日期")
FILLED_IN_OTHER_YEAR = Sentence("filled in {filled}, fiscal year {year}", "表是 {filled} 年填写的，年度却是 {year} 年")
FILLED_IN_ITS_YEAR = Sentence(
    "filled in during its fiscal year {year}, in month {month}", "{year} 年度还没有结束就填写了（{month} 月）"
)
YEAR_ALONE = Sentence("every other form of the document has another fiscal year", "文件中其他各表都是另一个年度")
NO_CLEAN_NUMBER = Sentence("what is printed is no clean number", "这里印的不是一个清楚的数")
NO_NUMBER = Sentence("the value is no number", "这里的值不是数")
NO_PHONE = Sentence("what is printed is no telephone number", "这里印的不是电话号码")

# phone.names, names.lookalike, form.duplicate
SPELLINGS = Sentence(
    "one telephone number stands with {count} spellings of a name", "同一个电话号码旁边，姓名有 {count} 种写法"
)
LOOKALIKES = Sentence(
    "{count} names of the document differ in one rare character", "文件里有 {count} 个名称只差一个生僻字"
)
FORM_TWICE = Sentence(
    "the same project and year as form {ordinal} of the document", "项目和年度与文件中第 {ordinal} 张表相同"
)

_CHECKS = {
    "funding.rate": Sentence(
        "the execution rate does not follow from the amounts", "执行率与全年执行数、全年预算数不符"
    ),
    "funding.score": Sentence(
        "the funding score does not follow from weight and execution rate", "项目资金的得分与分值、执行率不符"
    ),
    "funding.repeat": Sentence(
        "the appropriation line repeats weight or score of the total line with another figure",
        "当年财政拨款一行重复的分值或得分与年度资金总额不同",
    ),
    "funding.parts": Sentence(
        "the parts of an amount do not add up to its total", "各项资金来源合计与年度资金总额不符"
    ),
    "funding.order": Sentence("more is spent than the annual budget", "全年执行数超过全年预算数"),
    "funding.columns": Sentence(
        "a column of the money block seems to be lost: the others may have shifted",
        "项目资金似乎缺了一列：其余各列可能错位",
    ),
    "money.unit": Sentence("an amount is printed in another unit than the form's", "金额的单位与表的单位不同"),
    "cost.money": Sentence("a cost row and the money block say different amounts", "成本指标的金额与项目资金不同"),
    "weights.total": Sentence("the weights do not add up to their total", "各项分值合计与总分一行不符"),
    "scores.total": Sentence("the scores do not add up to their total", "各项得分合计与总分一行不符"),
    "score.range": Sentence("a score is below nothing or above its weight", "得分低于零，或超过分值"),
    "level1.subtotal": Sentence(
        "the weights below a heading do not add up to the points printed behind it",
        "各行分值合计与一级指标后面所写的分数不符",
    ),
    "deviation.missing": Sentence("points are lost without a reason", "扣了分，没有写偏差原因"),
    "grade": Sentence("the grade does not follow from the total score", "等级与总分不符"),
    "score.target": Sentence("a score does not follow from target and achievement", "得分与年度指标值、实际完成值不符"),
    "indicator.duplicate": Sentence("a row stands there twice", "同一行出现了两次"),
    "field.missing": BLANK,
    "row.headings": Sentence(
        "a row stands under no heading, or under one where it does not belong", "这一行缺上级指标，或上级指标不对"
    ),
    "row.incomplete": Sentence("a row with points lacks words", "这一行有分数，却缺文字"),
    "date.year": Sentence("the date of filling does not suit the fiscal year", "填写日期与年度不相称"),
    "cell.truncated": Sentence("the text seems cut off", "文字可能没有印全"),
    "cell.split": Sentence("a sentence seems to go on in the next cell", "一句话可能分在了两个单元格里"),
    "cell.stray": STRAY,
    "markup": MARKUP,
    "phone.names": Sentence(
        "one telephone number stands with several spellings of a name", "同一个电话号码旁边，姓名有几种写法"
    ),
    "names.lookalike": Sentence("names of the document differ in one rare character", "文件里有几个名称只差一个生僻字"),
    "form.duplicate": Sentence(
        "the document has two forms of this project and year", "文件里有两张同一项目、同一年度的表"
    ),
}

_LABELS = {
    "title": "标题",
    "fiscal_year": "年度",
    "amount_unit": f"{_MATRIX.heading[0]} · 单位",
    "phone": f"{_FIELDS['project_leader'][0]} · {_FIELDS['phone'][0]}",
    "filler_phone": f"{_FOOTER['filled_by'][0]} · {_FOOTER['filler_phone'][0]}",
}

WORDING = Wording(labels=_LABELS, checks=_CHECKS)
