"""Passes: one file each. ``PIPELINE`` is the whole list, in the order in which phases run."""

from __future__ import annotations

from typing import NamedTuple

from .absolute_destination import absolute_destination
from .add_to_copy import add_to_copy
from .apk_cache import apk_cache
from .apt_get import apt_get
from .apt_lists import apt_lists
from .apt_update import apt_update
from .archives import archives
from .assume_yes import assume_yes
from .base import Pass
from .build_dependencies import build_dependencies
from .cache_mounts import cache_mounts_pass
from .casing import casing
from .cd_failure import cd_failure
from .conda_cache import conda_cache
from .copied_secrets import copied_secrets
from .copy_chown_chmod import copy_chown_chmod
from .copy_many import copy_many
from .dev_dependencies import dev_dependencies
from .dockerignore import dockerignore
from .drop_unreachable_stage import drop_unreachable_stage
from .duplicate_command import duplicate_command
from .echo_escapes import echo_escapes
from .empty_continuation import empty_continuation
from .end_of_life import end_of_life
from .flatten import flatten
from .floating_major import floating_major
from .glob_prefix import glob_prefix
from .idle_cd import idle_cd
from .inject_user import inject_user
from .join_metadata import join_metadata
from .json_form import json_form
from .language_caches import language_caches
from .language_image import language_image
from .legacy_key_value import legacy_key_value
from .maintainer_label import maintainer_label
from .manifests_first import manifests_first
from .merge_dead_bytes import merge_dead_bytes
from .merge_package_runs import merge_package_runs
from .merge_runs import merge_runs
from .metadata_form import metadata_form
from .missing_files import missing_files
from .no_install_recommends import no_install_recommends
from .no_log_init import no_log_init
from .npm_cache import npm_cache
from .numeric_user import numeric_user
from .pin_digest import pin_digest
from .pin_tag import pin_tag
from .pip_cache import pip_cache
from .pipefail import pipefail
from .posix_words import posix_words
from .quiet_progress import quiet_progress
from .quote_known import quote_known
from .secrets import secrets
from .shallow_clone import shallow_clone
from .shell_link import shell_link
from .slim_base import slim_base
from .sort_packages import sort_packages
from .split_dotnet import split_dotnet
from .split_elixir import split_elixir
from .split_go import split_go
from .split_java import split_java
from .split_native import split_native
from .split_node import split_node
from .split_php import split_php
from .split_python import split_python
from .split_ruby import split_ruby
from .split_rust import split_rust
from .split_static import split_static
from .stage_index import stage_index
from .sudo import sudo
from .temporary_files import temporary_files
from .unpinned_packages import unpinned_packages
from .unsafe_download import unsafe_download
from .volatile_last import volatile_last
from .wget_or_curl import wget_or_curl
from .workdir import workdir
from .yum_cache import yum_cache


class Phase(NamedTuple):
    """Passes that run together until none of them changes anything; within a phase their order does not matter.

    Where a phase ``cascades``, its changes make others of its own possible, which must come before the next phase.
    """

    name: str
    passes: tuple[Pass, ...]
    cascades: bool = False


PIPELINE: tuple[Phase, ...] = (
    Phase("pin", (pin_tag, floating_major, end_of_life, language_image)),
    Phase("slim", (slim_base,)),
    Phase("digest", (pin_digest,)),
    Phase("omit", (dev_dependencies,)),
    Phase(
        "split",
        (
            split_go,
            split_java,
            split_static,
            split_native,
            split_dotnet,
            split_rust,
            split_python,
            split_node,
            split_ruby,
            split_php,
            split_elixir,
        ),
    ),
    Phase("order", (manifests_first,)),
    Phase("last", (volatile_last,)),
    Phase(
        "normalise",
        (
            empty_continuation,
            casing,
            duplicate_command,
            cd_failure,
            idle_cd,
            posix_words,
            echo_escapes,
            wget_or_curl,
            sudo,
            apt_get,
            assume_yes,
            no_install_recommends,
            copy_chown_chmod,
            drop_unreachable_stage,
        ),
    ),
    Phase("merge", (merge_package_runs, merge_dead_bytes, merge_runs), cascades=True),
    Phase("mount", (cache_mounts_pass,)),
    Phase(
        "clean",
        (
            apt_update,
            apt_lists,
            apk_cache,
            yum_cache,
            pip_cache,
            conda_cache,
            npm_cache,
            language_caches,
            archives,
            shallow_clone,
            temporary_files,
            build_dependencies,
        ),
    ),
    Phase("user", (inject_user,)),
    Phase("context", (dockerignore, missing_files, copied_secrets)),
    Phase(
        "tidy",
        (
            add_to_copy,
            absolute_destination,
            maintainer_label,
            json_form,
            legacy_key_value,
            copy_many,
            workdir,
            stage_index,
            no_log_init,
            numeric_user,
            glob_prefix,
            quote_known,
            quiet_progress,
            secrets,
            unsafe_download,
            unpinned_packages,
            pipefail,
            shell_link,
            metadata_form,
            sort_packages,
            join_metadata,
        ),
    ),
    Phase("flatten", (flatten,)),
)

__all__ = ["PIPELINE", "Pass", "Phase"]
