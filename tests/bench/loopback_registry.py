# SPDX-License-Identifier: Apache-2.0
"""Debian's docker-registry for benchmarks."""
import shutil
import socket
import subprocess
import sys
import time


class Registry:
    """docker-registry on a free port with a directory of its own."""
    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            self.port = probe.getsockname()[1]
        config = directory / 'config.yml'
        config.write_text(f'version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n'
                          f'storage: {{filesystem: {{rootdirectory: {directory}/data}}}}\nhttp: {{addr: "127.0.0.1:{self.port}"}}\n')
        self.process = subprocess.Popen(['docker-registry', 'serve', str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(('127.0.0.1', self.port)) == 0:
                    return
            time.sleep(0.02)
        sys.exit('bench: docker-registry does not answer')

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.directory)
