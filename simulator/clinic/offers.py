"""What a visitor of the online booking is offered. What is not offered is refused when it is asked for."""

from __future__ import annotations

from simulator.clinic.database import Database, Row

# An employee who gives the service and has hours at the point of service, which gives it too.
_GIVEN = (
    " FROM service_points JOIN service_employees USING (service) JOIN services ON services.id = service"
    " JOIN employee_hours USING (employee, point) WHERE services.online = 1"
)


def points(db: Database) -> list[Row]:
    """Points of service where something can be booked."""
    return db.all(
        f"SELECT * FROM points_of_service WHERE id IN (SELECT point{_GIVEN}) ORDER BY name"  # noqa: S608  # our own text
    )


def services(db: Database, point: str) -> list[Row]:
    """What can be booked at a point of service."""
    return db.all(
        f"SELECT * FROM services WHERE id IN (SELECT service{_GIVEN} AND point = ?) ORDER BY name_fr",  # noqa: S608  # our own text
        point,
    )


def employees(db: Database, point: str, service: str) -> list[Row]:
    """Who gives it there."""
    return db.all(
        f"SELECT * FROM employees WHERE id IN (SELECT employee{_GIVEN} AND point = ? AND service = ?)"  # noqa: S608  # our own text
        " ORDER BY name",
        point,
        service,
    )


def one(rows: list[Row], name: str) -> Row | None:
    """The one of this id, if it is offered."""
    return next((row for row in rows if row["id"] == name), None)
