"""Settings: `formtally.toml` in the working directory, overridden by `FORMTALLY_*` variables, overridden by flags."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from pipeline.errors import ConfigurationError
from pipeline.ingest.limits import Limits
from pipeline.messages import say, set_language
from pipeline.model.options import ModelOptions
from pipeline.review.options import ReviewOptions

__all__ = ["TOML", "Settings", "load_settings"]

TOML = Path("formtally.toml")


class Settings(BaseSettings):
    """What a command may be told. Every field has a working default."""

    model_config = SettingsConfigDict(
        env_prefix="FORMTALLY_",
        env_nested_delimiter="__",
        toml_file=TOML,
        extra="forbid",
        env_ignore_empty=True,
        frozen=True,
    )

    db: str = "sqlite:///formtally.db"
    """Database URL of the store."""
    reader: str | None = None
    """Who reads: `table`, `llm`, `both` or `cascade`; None for both if a model is configured, else table."""
    model: ModelOptions = ModelOptions()
    """The model: `[model]` in the file, `FORMTALLY_MODEL__URL` and the like. Its key is in the environment only."""
    epoch: int = Field(0, ge=0)
    """Another epoch has the model read everything anew, independently of what it answered before."""
    executor: str = "local"
    jobs: int | None = Field(None, ge=1)
    """Number of processes; None for one a processor."""
    pages_as_documents: bool = False
    """Numbered pictures of a folder are documents of their own, not the pages of one."""
    limits: Limits = Limits()
    """What one document may cost: `[limits]` in the file, `FORMTALLY_LIMITS__PAGES` and the like."""
    review: ReviewOptions = ReviewOptions()
    """How people are asked: `[review]` in the file, `FORMTALLY_REVIEW__REVIEWER` and the like."""
    lang: Annotated[Literal["en", "zh"], BeforeValidator(lambda value: str(value).lower()[:2])] = "en"
    """Language of messages; `zh_CN` is `zh`."""
    log: Path = Path("formtally.log")
    """Where internal errors are written down; made when there is one."""
    debug: bool = False
    """Show internal errors with their traceback, which may quote documents."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags before variables before the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**flags: Any) -> Settings:
    """The settings of a command; a flag that is None was not given. The language is set, too.

    Raises `ConfigurationError` for a setting that cannot be used, naming it.
    """
    try:
        settings = Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise ConfigurationError(say("settings.unknown", name=name)) from None
        raise ConfigurationError(say("settings.bad", name=name, variable=name.upper().replace(".", "__"))) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(say("settings.file", cause=error)) from None
    set_language(settings.lang)
    return settings
