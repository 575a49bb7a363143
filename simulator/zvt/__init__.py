"""A simulated ZVT payment terminal (PT): the side of PA00P015 that a cash register never plays."""
