"""What a build asks of package indexes: requirement by requirement."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ...ir.build import Build
from ...ir.steps import Run
from ...record import record
from ..bases import base_image
from ..facts import Facts
from ..packages.asked import ELSEWHERE, GEM_TARGET, NPM_TARGET, YARN_TARGET, asked, npm_word, python_target
from ..packages.brought import follows
from ..packages.exact import LOCKS
from ..packages.known_words import words_of
from ..packages.listed import Lists, Unmet
from ..packages.lock_files import gems
from ..packages.lock_sites import LockSites, Site
from ..packages.node_scripts import installs_of_script, runs_script
from ..packages.own_project import editable, is_here, own_project
from ..packages.yarn_site import YarnSite
from ..shell.operations import Kind
from .folders import folders


@record
class Asked:
    """A requirement, installed for *target*: a key of ``Lock.packages``."""

    target: str
    requirement: str


def asked_of(build: Build, facts: Facts) -> Iterator[Asked]:
    """What *build* asks of indexes on images of Python, Node.js and Ruby, as far as file and context tell."""
    lists = Lists(build, facts)
    for stage in build.stages:
        image = base_image(build, facts, stage)
        if image is None or image.name not in ("python", "node", "ruby"):
            continue
        sites = LockSites(stage, lists, folders(stage, facts, image.workdir))
        if image.name == "node":
            yield from _npm(sites, facts)
            continue
        if image.name == "ruby":
            yield from _gems(sites, facts)
            continue
        # A tag without a version is given the one that it stands for before anything rests on it.
        version = image.parts.version or (image.pin.tag.partition("-")[0] if image.pin is not None else None)
        target = python_target(image.family, version)
        if target is None:
            continue
        for run in stage.runs:
            for use in facts.uses(run):
                done, folder = use.operation, sites.site(use).folder
                if done.manager.name in LOCKS and done.subcommand in ("sync", "install"):
                    yield from (Asked(target, one) for one in _locked(lists, run, done.manager.name, folder))
                    continue
                if done.manager.name not in ("pip", "uv") or done.kind not in (Kind.INSTALL, Kind.UPGRADE):
                    continue
                if done.has_flag(*ELSEWHERE):
                    continue
                words = words_of(use, facts)
                lines = [words[at] or "" for at in done.operands]
                for flag in done.flags:
                    if flag.name in ("-r", "--requirement") and flag.value:
                        lines += _listed(lists, flag.value, folder)
                for word in [one for one in (*lines, *editable(done)) if is_here(one)]:
                    lines += _own(word, lists, folder)
                for line in lines:
                    requirement = asked(line)
                    if requirement is not None:
                        yield Asked(target, requirement)


def _own(word: str, lists: Lists, folder: str | None) -> tuple[str, ...]:
    try:
        return own_project(word, lists, folder).requirements
    except Unmet:
        return ()


def _locked(lists: Lists, run: Run, manager: str, folder: str | None) -> Iterator[str]:
    try:
        found = lists.locked(run, manager, folder)
    except Unmet:
        return
    yield from (requirement for one in found if (requirement := asked(one)) is not None)


def _npm(sites: LockSites, facts: Facts) -> Iterator[Asked]:
    for site in _node_sites(sites, facts):
        done, lists = site.use.operation, sites.lists
        if done.manager.name == "yarn" and done.kind is Kind.INSTALL and not done.operands:
            yield from _yarn(site, lists)
        if done.manager.name != "npm" or done.kind is not Kind.INSTALL:
            continue
        words = words_of(site.use, facts)
        wanted = [npm_word(words[at] or "") for at in done.operands]
        locked = follows(lists, "package-lock.json", site.folder, site.use.run)
        if not done.operands and done.subcommand not in ("ci", "clean-install") and not locked:
            try:
                wanted = list(lists.npm_asked(site.folder, development=True))
            except Unmet:
                continue
        elif not done.operands:
            wanted = list(lists.npm_scripts(site.folder))
        yield from (Asked(NPM_TARGET, one) for one in wanted if one is not None)


def _yarn(site: Site, lists: Lists) -> Iterator[Asked]:
    try:
        found = YarnSite(lists, site.use.run, site.folder).packages(development=True)
    except Unmet:
        return
    yield from (Asked(YARN_TARGET, one.requirement) for one in found)


def _node_sites(sites: LockSites, facts: Facts) -> Iterator[Site]:
    """The operations of package managers, and those in the scripts of package.json, as far as these can be read."""
    for run in sites.stage.runs:
        for use in facts.uses(run):
            site = sites.site(use)
            yield site
            if runs_script(use.operation):
                try:
                    yield from installs_of_script(site, sites.lists)
                except Unmet:
                    continue


def _gems(sites: LockSites, facts: Facts) -> Iterator[Asked]:
    for run in sites.stage.runs:
        bundled = [use for use in facts.uses(run) if use.operation.manager.name == "bundler"]
        for folder in dict.fromkeys(sites.site(use).folder for use in bundled):
            text = sites.lists.text(posixpath.join(folder or "/", "Gemfile.lock"), folder)
            yield from (Asked(GEM_TARGET, one.requirement) for one in gems(text or "") if one.usual and not one.foreign)


def _listed(lists: Lists, path: str, folder: str | None) -> tuple[str, ...]:
    try:
        return lists.lines(path, folder)
    except Unmet:
        return ()
