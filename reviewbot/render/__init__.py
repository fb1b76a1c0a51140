"""Report -> text: a function per format, named by string, so that the list costs nothing."""

RENDERERS = {
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
