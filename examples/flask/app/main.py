"""A small shop: one page, one health check."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index() -> str:
    """The front page."""
    return "Welcome to the shop\n"


@app.get("/health")
def health() -> str:
    """For the load balancer."""
    return "ok\n"
