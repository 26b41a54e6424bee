# SPDX-License-Identifier: Apache-2.0
"""Figures in docs/performance.md: each bench has a section of its own between two comments."""


def write_figures(page, bench, text):
    begin, end = f'<!-- figures: tools/bench {bench} -->', f'<!-- end of figures: {bench} -->'
    head, rest = page.read_text().split(begin)
    page.write_text(f'{head}{begin}\n{text}\n{end}{rest.split(end)[1]}')
