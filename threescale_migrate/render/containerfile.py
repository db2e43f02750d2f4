"""The recipe of a container image with this tool, for podman, buildah and docker. It names no registry: the base is the reader's."""

from __future__ import annotations

from .. import __version__

# By which the tool becomes one file; the README shows the same line, and a test runs it.
ONE_FILE = ".ci/one-file threescale-migrate"
_RECIPE = """\
# threescale-migrate {version} in a container, on a base image with oc and python3 (3.9 or later).
# It contains the tool as one file. To make that file, in the directory of its source:
#   {one_file}
# To build the image there, from this file saved as Containerfile:
#   podman build {argument}-t threescale-migrate:{version} .
# To run it with your own login: podman run --rm -v ~/.kube/config:/tmp/config:ro,z -e KUBECONFIG=/tmp/config IMAGE verify -n PROJECT
ARG OC_IMAGE{default}
FROM ${{OC_IMAGE}}
USER 0
COPY threescale-migrate /usr/local/bin/threescale-migrate
# The build fails here if oc or python3 is missing or too old.
RUN chmod 0755 /usr/local/bin/threescale-migrate && oc version --client && threescale-migrate --version
# OpenShift runs it with a user id from the project's range, which has no home directory.
ENV HOME=/tmp
WORKDIR /tmp
USER 1001
ENTRYPOINT ["/usr/local/bin/threescale-migrate"]
CMD ["--help"]
"""


def text(base: str | None) -> str:
    """The recipe, with the base image that `podman build` uses by default."""
    return _RECIPE.format(
        version=__version__,
        one_file=ONE_FILE,
        argument="" if base else "--build-arg OC_IMAGE=YOUR-OC-IMAGE ",
        default=f"={base}" if base else "",
    )
