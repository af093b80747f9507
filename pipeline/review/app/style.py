"""How the screen is arranged. Every colour is the terminal's own, so that it is readable on light and on dark."""

from __future__ import annotations

__all__ = ["CSS"]

CSS = """
Screen { background: $background; color: $foreground; }
#head { height: 1; text-style: reverse; }
#body { layout: horizontal; height: 1fr; }
#queue { width: 27; border-right: solid $foreground; background: $background; scrollbar-size: 0 0; }
#queue:focus { border-right: heavy $foreground; }
#work { layout: horizontal; width: 1fr; height: 1fr; }
#look { width: 1fr; height: 1fr; }
#picture { height: 9; border-bottom: solid $foreground; border-subtitle-align: left; display: none; }
#picture > .drawn { height: 1fr; width: 100%; }
#source { height: 1fr; background: $background; scrollbar-size: 0 0; }
#source:focus { border-left: heavy $foreground; }
#panel { width: 44%; min-width: 37; height: 1fr; border-left: solid $foreground; padding: 0 1; }
#ask { height: 1fr; scrollbar-size: 1 1; }
#question { height: auto; }
#told { height: auto; max-height: 5; text-style: bold; }
#prompt { height: auto; max-height: 2; text-style: dim; }
#line { height: 1; layout: horizontal; }
#line > Static { width: 2; text-style: bold; }
#entry { width: 1fr; text-style: bold; background: $background; }
#keys { height: 1; }
.narrow #work { layout: vertical; }
.narrow #queue { width: 100%; border: none; }
.narrow #panel { width: 100%; border: none; border-top: solid $foreground; padding: 0; }
.narrow #picture { height: 6; }
.short #picture { height: 6; }
.narrow #picture.without, .short #picture.without, #picture.without { height: 1; }
#picture.without > .drawn { display: none; }
Input > .input--cursor { background: $background; color: $foreground; text-style: reverse; }
OptionList > .option-list--option-highlighted { background: ansi_blue; color: ansi_bright_white; text-style: bold; }
.folded #queue { display: none; }
.narrow.unfolded #work { display: none; }
.empty #look { display: none; }
.empty #panel { width: 1fr; border: none; height: 1fr; }
"""
