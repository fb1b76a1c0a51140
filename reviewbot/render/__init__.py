"""Report -> text: one module per format, and the words that formats share.

A renderer computes text from values and reads nothing but our templates: no file, git or network.
"""

RENDERERS = {  # by name, so that listing the formats imports none of them
    "terminal": "reviewbot.render.terminal:terminal",
    "json": "reviewbot.report.json_v1:json_v1",
    "markdown": "reviewbot.render.markdown:markdown",
    "sarif": "reviewbot.render.sarif:sarif",
    "html": "reviewbot.render.html:html",
    "annotations": "reviewbot.render.annotations:annotations",
    "rdjson": "reviewbot.render.rdjson:rdjson",
    "code-climate": "reviewbot.render.code_climate:code_climate",
    "junit": "reviewbot.render.junit:junit",
    "gcc": "reviewbot.render.gcc:gcc",
}
