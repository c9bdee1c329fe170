"""Step 15: the image, checksum and all.

Glance lets a second image of the same name be created without a word; so what is there in any form is never made again.
"""

from __future__ import annotations

import posixpath
from pathlib import Path
from urllib.parse import urlsplit

from .. import facts
from ..errors import RdokitError
from ..plan import Plan
from ..shell import cmd
from ..steps import Pending
from . import _ask
from ._ask import says
from .cloud import differs


def image_file(kit) -> str:
    """Name of the image's file in /root of the controller."""
    source = kit.site.image.path or urlsplit(kit.site.image.url).path
    return posixpath.basename(source.replace("\\", "/"))


def _downloaded(kit) -> bool:
    """The file is there, whole."""
    said = says(kit, kit.controller, "stat -L -c %s {file} && md5sum {file}", file=image_file(kit)).split()
    return said[:2] == [str(kit.site.image.size), kit.site.image.md5]


def add_download(kit, plan: Plan) -> None:
    """curl on the node as in the document, or a download here and an upload."""
    image = kit.site.image
    if image.path or image.fetch == "client":
        plan.upload(kit.controller, lambda: _here(kit), f"/root/{image_file(kit)}", done=lambda: _downloaded(kit) or
                    image_right(kit), undo=lambda: cmd("rm -f {file}", file=image_file(kit)))
        return
    plan.run(kit.controller, cmd("curl -OL {url}", url=image.url), limit=1800,
             done=lambda: _downloaded(kit) or image_right(kit), undo=lambda: cmd("rm -f {file}", file=image_file(kit)))


def _here(kit) -> bytes:
    """The image's bytes on this machine, checked.

    Raises:
        RdokitError: it cannot be fetched, or is not what the site says.
    """
    import hashlib
    import urllib.request
    image = kit.site.image
    try:
        if image.path:
            data = (kit.path.parent / Path(image.path).expanduser()).read_bytes()
        else:
            with urllib.request.urlopen(image.url, timeout=60) as answer:  # noqa: S310 - the site file names it
                data = answer.read()
    except (OSError, ValueError) as error:
        raise RdokitError(f"The image {image.path or image.url} cannot be read: {error}.",
                          next_step="Correct image.url or image.path of the site file.") from None
    found = (len(data), hashlib.md5(data, usedforsecurity=False).hexdigest())
    if found != (image.size, image.md5):
        raise RdokitError(f"The image {image.path or image.url} has {found[0]} bytes and MD5 {found[1]}, the site says "
                          f"{image.size} and {image.md5}.", next_step="It is another file (an error page?).")
    return data


def image_right(kit) -> bool:
    """The image is active, public, and has the checksum of the site.

    Raises:
        RdokitError: it has other content, is not public, or not whole (yet): a second one would not help.
    """
    row = _ask.find(kit, "glance image-list", kit.site.image.name, column="Name")
    if row is None:
        return False
    said = facts.pairs(_ask.rows(kit, "glance image-show {id}", id=str(row["ID"])))
    if said.get("checksum") and said["checksum"] != kit.site.image.md5:
        raise differs("image", kit.site.image.name, "checksum", said["checksum"], kit.site.image.md5)
    if said.get("status") == "saving":
        raise Pending(f"The image {row['Name']} is being sent.", next_step="Wait, then run it again.")
    if said.get("status") != "active":
        raise RdokitError(f"The image {row['Name']} is {said.get('status')}: it was made, and never sent whole.",
                          next_step=f"glance image-delete {row['ID']}; then run it again.")
    if str(said.get("is_public")) != "True":
        raise differs("image", kit.site.image.name, "is_public", said.get("is_public"), True)
    return True


def add_image(kit, plan: Plan) -> None:
    """glance image-create as the document means it."""
    image = kit.site.image
    line = ("glance image-create --name={name} --disk-format={disk} --container-format={container} --is-public=true "
            "< {file}")
    plan.run(kit.controller, kit.as_admin(line, name=image.name, disk=image.disk_format,
                                          container=image.container_format, file=image_file(kit)),
             done=lambda: image_right(kit), limit=1800, settle=120,
             undo=lambda: kit.as_admin("glance image-delete {id}",
                                       id=_ask.id_of(kit, "glance image-list", image.name, "Name", "ID")))
