"""Passes: one file each. ``PIPELINE`` is the whole list, in the order in which phases run."""

from __future__ import annotations

from typing import NamedTuple

from .base import Pass
from .bases.ds301_pin_tag import pin_tag
from .bases.ds302_pin_digest import pin_digest
from .bases.ds303_floating_major import floating_major
from .bases.ds304_slim_base import slim_base
from .bases.ds305_language_image import language_image
from .bases.ds306_end_of_life import end_of_life
from .caches.ds201_apt_lists import apt_lists
from .caches.ds202_apk_cache import apk_cache
from .caches.ds203_yum_cache import yum_cache
from .caches.ds204_pip_cache import pip_cache
from .caches.ds205_conda_cache import conda_cache
from .caches.ds206_npm_cache import npm_cache
from .caches.ds207_language_caches import language_caches
from .caches.ds208_archives import archives
from .caches.ds209_shallow_clone import shallow_clone
from .caches.ds210_cache_mounts import cache_mounts_pass
from .caches.ds211_build_dependencies import build_dependencies
from .caches.ds212_temporary_files import temporary_files
from .caches.ds213_apt_update import apt_update
from .context.ds801_dockerignore import dockerignore
from .context.ds802_missing_files import missing_files
from .context.ds803_copied_secrets import copied_secrets
from .instructions.ds601_add_to_copy import add_to_copy
from .instructions.ds602_maintainer_label import maintainer_label
from .instructions.ds603_json_form import json_form
from .instructions.ds604_legacy_key_value import legacy_key_value
from .instructions.ds605_casing import casing
from .instructions.ds606_empty_continuation import empty_continuation
from .instructions.ds607_workdir import workdir
from .instructions.ds614_duplicate_command import duplicate_command
from .instructions.ds615_copy_many import copy_many
from .instructions.ds617_stage_index import stage_index
from .instructions.ds619_metadata_form import metadata_form
from .instructions.ds625_absolute_destination import absolute_destination
from .layers.ds101_merge_package_runs import merge_package_runs
from .layers.ds102_merge_dead_bytes import merge_dead_bytes
from .layers.ds103_merge_runs import merge_runs
from .layers.ds104_copy_chown_chmod import copy_chown_chmod
from .layers.ds105_join_metadata import join_metadata
from .layers.ds106_drop_unreachable_stage import drop_unreachable_stage
from .layers.ds107_flatten import flatten
from .order.ds701_manifests_first import manifests_first
from .order.ds702_volatile_last import volatile_last
from .security.ds501_inject_user import inject_user
from .security.ds502_sudo import sudo
from .security.ds503_secrets import secrets
from .security.ds504_no_log_init import no_log_init
from .security.ds505_unsafe_download import unsafe_download
from .security.ds506_numeric_user import numeric_user
from .shell.ds608_apt_get import apt_get
from .shell.ds609_assume_yes import assume_yes
from .shell.ds610_pipefail import pipefail
from .shell.ds611_quiet_progress import quiet_progress
from .shell.ds612_wget_or_curl import wget_or_curl
from .shell.ds613_no_install_recommends import no_install_recommends
from .shell.ds616_shell_link import shell_link
from .shell.ds618_sort_packages import sort_packages
from .shell.ds620_unpinned_packages import unpinned_packages
from .shell.ds621_glob_prefix import glob_prefix
from .shell.ds622_cd_failure import cd_failure
from .shell.ds623_quote_known import quote_known
from .shell.ds624_posix_words import posix_words
from .shell.ds626_idle_cd import idle_cd
from .shell.ds627_echo_escapes import echo_escapes
from .stages.ds401_split_go import split_go
from .stages.ds402_split_python import split_python
from .stages.ds403_split_node import split_node
from .stages.ds404_split_java import split_java
from .stages.ds405_split_rust import split_rust
from .stages.ds406_split_dotnet import split_dotnet
from .stages.ds407_split_native import split_native
from .stages.ds408_split_static import split_static
from .stages.ds409_split_ruby import split_ruby
from .stages.ds410_dev_dependencies import dev_dependencies
from .stages.ds411_split_php import split_php
from .stages.ds412_split_elixir import split_elixir


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
