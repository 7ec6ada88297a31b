"""The toolkit over HTTP."""

from tests.service import Service


def test_the_current_toolkit_is_open_to_everyone(service: Service):
    answer = service.get("/v1/toolkit", by=None)
    assert answer.status_code == 200, answer.text
    assert answer.json()["version"] == "2006-09"
