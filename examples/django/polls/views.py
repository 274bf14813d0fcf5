"""The start page."""

from django.shortcuts import render

from polls.models import Question


def index(request):
    """All questions, most answered first."""
    return render(request, "index.html", {"questions": Question.objects.order_by("-votes")})
