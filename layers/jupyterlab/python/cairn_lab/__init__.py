# SPDX-License-Identifier: Apache-2.0
"""What the notebook image adds to JupyterLab for module libraries: a server extension beside jupyterlmod."""


def _jupyter_server_extension_points():
    return [{"module": "cairn_lab"}]


def _load_jupyter_server_extension(server):
    from .handlers import add_handlers

    add_handlers(server.web_app)
