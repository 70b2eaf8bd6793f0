"""A page inside a notebook: a frame of its own, which the notebook's data are out of reach for."""

from __future__ import annotations

import html

_RIGHTS = "allow-scripts allow-modals allow-downloads"  # modals for printing, downloads for CSV
_HEIGHT_PX = 720


def frame_page(page: str, title: str) -> str:
    """Return a page as markup that a notebook shows.

    Parameters
    ----------
    page
        One HTML file; it must need no other.
    title
        What the frame is called for those who do not see it (plain text).

    Returns
    -------
    str
        A frame with the page in it. Its scripts run, but apart from the notebook: they see neither
        the notebook nor what the browser keeps for it.

    Examples
    --------
    >>> frame_page('<p title="a">', "map").split(" style")[0]
    '<iframe srcdoc="&lt;p title=&quot;a&quot;&gt;" title="map"'
    """
    return (
        f'<iframe srcdoc="{html.escape(page)}" title="{html.escape(title)}" '
        f'style="display:block;width:100%;height:{_HEIGHT_PX}px;border:0" '
        f'sandbox="{_RIGHTS}"></iframe>'
    )
