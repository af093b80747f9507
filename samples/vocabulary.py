"""Made-up texts of self-evaluation forms: bodies, people, projects, goals, reasons.

Every name is fictional. Sentences are put together from parts, so that forms differ while a seed always gives the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

__all__ = [
    "BODIES",
    "CITIES",
    "PERIODS",
    "THEMES",
    "Theme",
    "goal",
    "person",
    "phone",
    "prose",
    "qualitative",
    "reason",
    "report_heading",
    "result",
]

CITIES = ("云溪市", "澜江市", "青梧县", "松岚区", "鹭汀区", "枫渡县", "砚湖区", "星沚市", "望岭县", "白榆区")
"""Fictional places; no atlas knows them."""

BODIES = (
    "园林事务中心", "图书馆", "民政事务中心", "水务管理所", "照明管理处", "档案馆", "科普促进中心", "文化遗产保护中心",
    "信息化服务中心", "食品检验所", "应急管理局", "职业技能指导中心",
)  # fmt: skip

_SURNAMES = "沈陆闻简祁卓颜凌纪喻栾蔺桑宁臧岑"
_GIVEN = (
    "砚舟", "听澜", "予安", "知遥", "望舒", "若木", "景行", "疏桐", "怀瑾", "清和", "云帆", "念初",
    "霁", "岚", "樾", "珩", "朔", "蘅", "栩然", "可楹",
)  # fmt: skip

PERIODS = ("上半年", "三季度末", "6月底前", "9月30日前", "11月底前", "12月15日前", "全年分4批")


@dataclass(frozen=True, slots=True)
class Theme:
    """What a project is about: the parts that its sentences are made of.

    `counts` are (noun, unit, lowest, highest figure a year), `rates` are things measured in per cent.
    """

    projects: tuple[str, ...]
    objects: tuple[str, ...]
    counts: tuple[tuple[str, str, int, int], ...]
    rates: tuple[str, ...]
    steps: tuple[str, ...]
    effects: tuple[str, ...]
    public: tuple[str, ...]


THEMES = (
    Theme(
        ("湿地公园绿化养护", "口袋公园补植更新", "行道树健康巡诊"),
        ("街头绿地", "滨河林带", "湿地步道两侧花境"),
        (("补植乔木数量", "株", 80, 900), ("养护绿地面积", "平方米", 2000, 68000), ("巡诊古树次数", "次", 12, 60),
         ("更换浇灌喷头数量", "个", 60, 400), ("编制树木诊断书", "份", 20, 120)),
        ("苗木成活率", "养护作业达标率", "病虫害处置及时率", "绿地完好率"),
        ("春季补植作业", "汛前树木修剪", "冬季防寒包裹"),
        ("市民出门见绿、推窗见景", "夏季树荫遮蔽的步行时段明显延长", "本地鸟类栖息地得到保护"),
        ("游园市民", "沿线居民", "周边商户"),
    ),
    Theme(
        ("全民阅读推广", "流动书车进乡村", "少儿绘本角建设"),
        ("街道书屋", "流动书车站点", "少儿绘本角"),
        (("采购图书数量", "册", 1500, 12000), ("举办阅读沙龙", "场", 12, 80), ("开设朗读亭", "个", 3, 18),
         ("培训志愿馆员", "人次", 40, 320), ("制作有声书目", "部", 5, 45)),
        ("图书验收合格率", "书目上架及时率", "读者荐购响应率", "数字资源可用率"),
        ("新书编目上架", "暑期阅读季活动", "年度书单发布"),
        ("偏远村组的孩子就近借到新书", "家庭共读的习惯逐步养成", "公共阅读空间的使用更加均衡"),
        ("到馆读者", "参与家庭", "志愿馆员"),
    ),
    Theme(
        ("社区养老助餐服务", "居家适老化改造", "独居老人安心守护"),
        ("助餐点位", "独居老人家庭", "日间照料站"),
        (("新增助餐点位", "处", 3, 25), ("改造家庭户数", "户", 30, 420), ("上门探访次数", "次", 600, 9000),
         ("配发智能手环", "只", 80, 600), ("培训护理员", "人", 20, 150)),
        ("助餐食材抽检合格率", "改造验收一次通过率", "紧急呼叫响应率", "护理员持证率"),
        ("入户评估建档", "助餐点装修", "重阳节集中慰问"),
        ("独居老人遇到急事有人应、有人管", "子女照护负担有所减轻", "邻里互助的氛围更加浓厚"),
        ("助餐老人", "老人家属", "护理人员"),
    ),
    Theme(
        ("小流域水质监测", "饮用水水源地巡护", "排涝泵站检修"),
        ("监测断面", "水源地围网", "排涝泵站"),
        (("水样采集数量", "组", 120, 1600), ("巡护里程", "公里", 300, 5200), ("检修泵站机组", "台", 4, 36),
         ("布设在线探头", "套", 5, 48), ("发布水质简报", "期", 4, 24)),
        ("数据有效率", "断面达标率", "机组试运转合格率", "异常预警处置率"),
        ("汛前设备检修", "枯水期加密采样", "年度数据汇编"),
        ("下游灌区用水安全有了底数", "黑臭水体反弹势头得到遏制", "河湖生态基流得到保障"),
        ("沿河村民", "用水企业", "管护人员"),
    ),
    Theme(
        ("背街小巷照明提升", "路灯节能改造", "桥体照明维护"),
        ("背街小巷", "老旧灯杆", "过街天桥"),
        (("更换LED灯具", "盏", 150, 3800), ("敷设电缆长度", "米", 800, 22000), ("检测灯杆数量", "基", 90, 1500),
         ("安装单灯控制器", "个", 100, 1200), ("夜间巡查次数", "次", 48, 365)),
        ("设施亮灯率", "故障修复及时率", "节电率", "材料送检合格率"),
        ("灯杆安全检测", "节前集中抢修", "控制箱更换"),
        ("居民夜间出行更加安心", "单位路段能耗逐年下降", "夜间街区的商业活力有所恢复"),
        ("夜归居民", "沿街商铺", "热线来电市民"),
    ),
    Theme(
        ("馆藏档案数字化", "家谱文献抢救修复", "档案库房环境改造"),
        ("民国时期文书", "馆藏家谱", "恒温恒湿库房"),
        (("扫描档案页数", "页", 20000, 360000), ("修复破损文献", "册", 15, 160), ("著录条目数量", "条", 3000, 52000),
         ("更新密集架", "列", 6, 48), ("口述史采集", "人", 8, 60)),
        ("图像一次验收合格率", "著录准确率", "修复方案通过率", "温湿度达标率"),
        ("整理编目", "扫描加工", "离线备份"),
        ("珍贵史料不再因翻阅而损耗", "市民在家即可查档", "地方记忆得到系统保存"),
        ("查档群众", "移交单位", "研究人员"),
    ),
    Theme(
        ("青少年科普巡展", "流动天文台进校园", "科普场馆开放补助"),
        ("乡镇中心学校", "流动天文台", "科普展品"),
        (("巡展场次", "场", 10, 90), ("制作互动展品", "件", 6, 54), ("培训科技辅导员", "人次", 40, 260),
         ("编印科普手册", "册", 1000, 15000), ("开放体验课程", "节", 24, 180)),
        ("展品完好率", "课程按期开出率", "手册发放到位率", "直播画面可用率"),
        ("展品设计招标", "春季学期巡展", "科技活动周集中展示"),
        ("乡村学生接触到更多动手实验", "家长对科学教育的关注有所上升", "本地科普志愿者队伍趋于稳定"),
        ("参观学生", "带队教师", "合作学校"),
    ),
    Theme(
        ("非遗传习所建设", "竹编技艺传承补助", "古戏台修缮"),
        ("非遗传习所", "竹编工坊", "清代古戏台"),
        (("招收学徒人数", "人", 8, 65), ("开展展演活动", "场", 6, 54), ("修缮建筑面积", "平方米", 120, 2400),
         ("记录传承人影像", "小时", 20, 260), ("开发文创样品", "款", 5, 48)),
        ("学徒结业率", "修缮材料合规率", "影像资料归档率", "展演安全率"),
        ("修缮方案专家论证", "开班授课", "成果汇报展演"),
        ("濒临失传的技艺后继有人", "传承人家庭收入渠道得到拓宽", "古镇夜游项目的吸引力增强"),
        ("学徒", "观展游客", "传承人"),
    ),
    Theme(
        ("政务信息系统运维", "数据中心机房改造", "视频会议系统升级"),
        ("业务系统", "机房空调与UPS", "视频会议终端"),
        (("运维系统数量", "套", 4, 40), ("处理工单数量", "件", 260, 4800), ("更换服务器硬盘", "块", 8, 96),
         ("开展渗透测试", "次", 2, 12), ("升级会议终端", "台", 5, 60)),
        ("系统可用率", "工单按时办结率", "漏洞修复率", "数据备份成功率"),
        ("IPv6改造", "等级保护测评", "迎峰度夏巡检"),
        ("群众办事少跑腿、少填表", "各科室数据口径趋于一致", "关键业务中断时间逐年缩短"),
        ("系统用户", "办事群众", "基层窗口人员"),
    ),
    Theme(
        ("食品安全监督抽检", "农贸市场快检室运行", "校园食堂明厨亮灶"),
        ("农贸市场", "校园食堂", "网络订餐店铺"),
        (("抽检批次", "批次", 200, 4200), ("快检样品数量", "个", 900, 18000), ("接入明厨亮灶食堂", "家", 12, 140),
         ("更新检测试剂盒", "盒", 60, 900), ("公示抽检结果", "期", 6, 50)),
        ("不合格品处置率", "抽检结果公示率", "快检复核一致率", "仪器检定合格率"),
        ("制定抽检计划", "节令食品专项抽检", "年度风险分析"),
        ("问题食品流向可查、责任可追", "菜篮子的安全感稳步提升", "经营者自查意识有所加强"),
        ("消费者", "市场经营户", "学生家长"),
    ),
    Theme(
        ("山洪灾害应急演练", "应急物资储备更新", "防灾宣传进社区"),
        ("山洪易发村组", "乡镇物资库", "社区宣传栏"),
        (("组织演练场次", "场", 4, 36), ("采购冲锋舟", "艘", 2, 18), ("轮换储备帐篷", "顶", 40, 520),
         ("安装预警喇叭", "个", 20, 260), ("培训应急队员", "人次", 80, 900)),
        ("物资账实相符率", "预警信息到户率", "演练评估合格率", "设备完好率"),
        ("修订应急预案", "汛期前演练", "物资盘点轮换"),
        ("群众避险转移更加有序", "灾后恢复生产的时间缩短", "基层应急力量布局趋于合理"),
        ("参演村民", "应急队员", "社区居民"),
    ),
    Theme(
        ("技能人才培训补贴", "返乡青年创业指导", "高技能人才工作站"),
        ("焊工与电工班", "返乡创业青年", "技能大师工作站"),
        (("补贴培训人数", "人", 120, 2600), ("举办招聘会", "场", 4, 48), ("扶持创业项目", "个", 6, 70),
         ("建设实训工位", "个", 20, 240), ("编写培训教材", "本", 2, 16)),
        ("取证率", "补贴发放准确率", "培训合格率", "学员回访率"),
        ("培训机构遴选", "分批开班授课", "补贴资金审核"),
        ("就业困难人员重新走上岗位", "小微企业用工缺口有所缓解", "家门口就业的比例逐步提高"),
        ("参训学员", "用工企业", "创业青年"),
    ),
)  # fmt: skip

_AIMS = (
    "围绕「{city}公共服务补短板」要求，对{obj}开展{step}，计划{count}，力争{rate}达到{pct}%以上，推动{effect}。",
    "按照《{city}{year}年工作要点》，做好{project}：一是{step}；二是{count}；三是{rate}≥{pct}%。项目完成后，{effect}。",
    "为改善{obj}现状，安排{project}资金，{count}，确保{step}按期完成，让{public}切实受益，{effect}。",
    "{step}于{period}完成；{count}；建立“发现—派单—办结—回访”机制，实现{effect}。",
)
_RESULTS = (
    "{year}年{project}各项任务总体平稳，{step}已经结束，{count}，{rate}为{pct}%，{effect}。",
    "已{count}，完成{step}，{rate}{pct}%；受{cause}影响，部分工作顺延至下一年度。",
    "全年完成{step}等工作，{count}，{public}反映良好，“{effect}”的目标基本达到。",
    "{obj}的{step}如期推进，{count}，资金使用合规，{effect}。",
)
_CAUSES = (
    "连续阴雨", "供货商延迟到货", "施工许可办理周期较长", "合作单位人员调整", "图纸两次变更", "招标流标一次",
    "部分对象搬迁外地", "线上渠道分流", "原材料价格上涨", "学校放假安排变化",
)  # fmt: skip
_REMEDIES = (
    "下一步将提前编制进度表，按月调度", "今后在合同中约定违约条款", "已列入次年计划优先安排",
    "将与相关科室建立会商机制", "拟引入第三方机构复核数据", "后续增加备选供应商，缩短采购周期",
)  # fmt: skip
_REASONS = (
    "受{cause}影响，实际完成数低于预期；{remedy}。",
    "因{cause}，未能按计划完成。改进措施：{remedy}。",
    "{cause}导致进度滞后，{remedy}。",
    "佐证材料归集不全，{remedy}。",
    "年初测算偏于乐观，且遇到{cause}；{remedy}。",
)
_SHORT_REASONS = ("受{cause}影响", "因{cause}", "{cause}，进度滞后", "资料归集不全")
_QUALITATIVE = (
    ("{effect}", "{effect}，达到预期"),
    ("推动{obj}管理规范化，{effect}", "{obj}管理制度已印发，{effect}"),
    ("促进{effect}", "基本实现{effect}"),
    (
        "让{public}切实感受到变化，{effect}；形成可复制的“{city}做法”",
        "{public}普遍认可，相关做法在App与公众号上发布2次",
    ),
)
_PROSE = (
    "{year}年度，{body}在编人员{n}人，内设科室{m}个，主要承担{obj}的日常管理、{step}以及面向{public}的服务工作。",
    "从抽查情况看，{project}的资金拨付手续完备，台账与凭证一致，但{rate}的统计口径仍需进一步细化。",
    "评价组查阅了合同、验收单和会议纪要，随机走访{public}{n}人次，了解到{effect}。",
    "（一）预算编制。项目预算按“人员、材料、服务”三类测算，依据为近三年平均单价，{m}项支出附有询价记录。",
    "综合来看，立项依据完备，绩效目标与单位职能相称；建议在下一年度细化{step}的时间节点，把握好{period}这一关键阶段。",
)
_PROSE_HEADINGS = ("一、基本情况", "二、绩效自评工作开展情况", "三、主要成效", "四、存在的问题", "五、有关建议")


def person(rng: Random) -> str:
    """A fictional name of two or three characters."""
    return rng.choice(_SURNAMES) + rng.choice(_GIVEN)


def phone(rng: Random) -> str:
    """A telephone number that nobody can have: area code 0000, exchange 555."""
    number = f"{rng.randrange(10000):04d}"
    kind = rng.random()
    if kind < 0.5:
        return f"0000-555{number}"
    if kind < 0.8:
        return f"555{number}0"
    return f"555{number}0-8{rng.randrange(100):02d}"


def _fill(rng: Random, frame: str, theme: Theme, city: str, year: int, project: str) -> str:
    noun, unit, low, high = rng.choice(theme.counts)
    return frame.format(
        city=city, year=year, project=project, obj=rng.choice(theme.objects), step=rng.choice(theme.steps),
        count=f"{noun}{rng.randint(low, high)}{unit}", rate=rng.choice(theme.rates), pct=rng.randint(85, 99),
        effect=rng.choice(theme.effects), public=rng.choice(theme.public), period=rng.choice(PERIODS),
        cause=rng.choice(_CAUSES), remedy=rng.choice(_REMEDIES),
    )  # fmt: skip


def goal(rng: Random, theme: Theme, city: str, year: int, project: str) -> str:
    """The goal of a year: one to three paragraphs, a newline between two, numbered if several."""
    return _paragraphs(rng, _AIMS, theme, city, year, project)


def result(rng: Random, theme: Theme, city: str, year: int, project: str) -> str:
    """What was achieved, in the same manner as the goal."""
    return _paragraphs(rng, _RESULTS, theme, city, year, project)


def _paragraphs(rng: Random, frames: tuple[str, ...], theme: Theme, city: str, year: int, project: str) -> str:
    count = rng.choices((1, 2, 3), (7, 2, 1))[0]
    texts = [_fill(rng, frame, theme, city, year, project) for frame in rng.sample(frames, count)]
    return texts[0] if count == 1 else "\n".join(f"{n}.{text}" for n, text in enumerate(texts, 1))


def qualitative(rng: Random, theme: Theme, city: str) -> tuple[str, str]:
    """A target in words and what became of it."""
    target, actual = rng.choice(_QUALITATIVE)
    parts = {
        "effect": rng.choice(theme.effects), "obj": rng.choice(theme.objects), "public": rng.choice(theme.public),
        "city": city,
    }  # fmt: skip
    return target.format(**parts), actual.format(**parts)


def reason(rng: Random) -> str:
    """Why points were lost."""
    frame = rng.choice(_SHORT_REASONS if rng.random() < 0.3 else _REASONS)
    return frame.format(cause=rng.choice(_CAUSES), remedy=rng.choice(_REMEDIES))


def report_heading(number: int) -> str:
    """A heading of a report, by number from 0."""
    return _PROSE_HEADINGS[number % len(_PROSE_HEADINGS)]


def prose(rng: Random, theme: Theme, city: str, body: str, year: int) -> str:
    """A paragraph of a report such as stands in front of forms."""
    noun, unit, low, high = rng.choice(theme.counts)
    return rng.choice(_PROSE).format(
        year=year, body=body, n=rng.randint(6, 48), m=rng.randint(3, 9), obj=rng.choice(theme.objects),
        step=rng.choice(theme.steps), public=rng.choice(theme.public), project=rng.choice(theme.projects),
        rate=rng.choice(theme.rates), effect=rng.choice(theme.effects), period=rng.choice(PERIODS),
        count=f"{noun}{rng.randint(low, high)}{unit}", city=city,
    )  # fmt: skip
