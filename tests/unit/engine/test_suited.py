from __future__ import annotations

from console.config import SourceConfig
from console.engine.suited import Suited, known
from console.model.incident import Incident
from console.model.runbook import Runbook

BOOK = Runbook("b", "Book", "1", (), params={"prometheus": "http://127.0.0.1:9090", "service": "", "window": "5m"})


def test_what_the_situation_knows_is_filled_in() -> None:
    sources = [SourceConfig("eu", "prometheus", "http://eu:9090/"), SourceConfig("us", "prometheus", "http://us:9090")]
    facts = known(sources, Incident("INC-0007", services=("checkout", "orders"), root="orders"))
    (book,) = Suited().runbooks((BOOK,), facts)
    assert book.params == {"prometheus": "http://eu:9090", "service": "orders", "window": "5m"}
    assert facts["incident"] == "INC-0007"


def test_of_several_services_none_is_taken_for_the_one_where_it_began() -> None:
    assert "service" not in known([], Incident("INC-0007", services=("checkout", "orders")))
    assert known([], Incident("INC-0007", services=("checkout",)))["service"] == "checkout"


def test_the_same_situation_shares_the_same_runbooks() -> None:
    suited, books = Suited(), (BOOK,)
    first = suited.runbooks(books, {"service": "orders"})
    assert suited.runbooks(books, {"service": "orders"}) is first
    assert suited.runbooks(books, {"service": "search"}) is not first
