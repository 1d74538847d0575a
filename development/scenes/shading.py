"""The look of a scene: light, shadow, darkened corners, fog and sky. None of it touches the geometry."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from .raycast import intersect
from .scene import Scene
from .textures import NoiseField, albedo, bumped

SHADOW_CASTERS = 90
CLOUD_HEIGHT = 0.12


@dataclass(frozen=True)
class Surface:
    """What a block of rays met, in world axes.

    camera_rays and rays are (H, W, 3) with z = 1 in camera axes; depth (H, W) is inf on the sky; points and normals
    (H, W, 3); bodies (H, W) index the scene's bodies, -1 on the sky; pixels maps a body's index to its flat pixels.
    """

    camera_rays: torch.Tensor
    rays: torch.Tensor
    depth: torch.Tensor
    points: torch.Tensor
    normals: torch.Tensor
    bodies: torch.Tensor
    pixels: dict[int, torch.Tensor]


def shade(scene: Scene, surface: Surface, time: float, photos: torch.Tensor | None, noise: NoiseField) -> torch.Tensor:
    """Linear RGB (H, W, 3) of a block, at or above 0."""
    shape = surface.points.shape
    colour = torch.zeros_like(surface.points).view(-1, 3)
    relief = surface.normals.reshape(-1, 3).clone()
    gloss = torch.zeros_like(colour[:, :1])
    glow = torch.zeros_like(gloss)
    for index, chosen in surface.pixels.items():
        body = scene.bodies[index]
        rotation, position = (torch.tensor(part).to(colour) for part in body.pose(time))
        local = (surface.points.view(-1, 3)[chosen] - position) @ rotation
        local_normal = surface.normals.view(-1, 3)[chosen] @ rotation
        colour[chosen] = albedo(body.material, local, local_normal, noise, photos).clamp_min(0).to(colour)
        relief[chosen] = bumped(body.material, local, local_normal, noise) @ rotation.T
        gloss[chosen] = body.material.gloss
        glow[chosen] = body.material.emission
    hit = torch.nonzero(surface.bodies.view(-1) >= 0)[:, 0]
    lit = torch.zeros_like(colour)
    lit[hit] = colour[hit] * _irradiance(scene, surface, hit, relief[hit], time)
    lit[hit] += _highlight(scene, surface, hit, relief[hit]) * gloss[hit] + colour[hit] * glow[hit]
    return _through_air(scene, surface, lit.view(shape), noise)


def _towards_light(scene: Scene, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Vectors (N, 3) to the light, as long as it is far (the sun's are long), and the share (N, 1) that arrives."""
    towards = points.new_tensor(scene.light.towards)
    if scene.light.is_lamp:
        vector = towards - points
        reach = points.new_tensor(2.5)
        return vector, reach**2 / (reach**2 + (vector * vector).sum(-1, keepdim=True))
    return F.normalize(towards, dim=0).expand_as(points) * 1e4, torch.ones_like(points[:, :1])


class _Nearness:
    """Squared distances of many points from one place after another, by one product a place."""

    def __init__(self, points: torch.Tensor) -> None:
        self.points = points
        self.share = (
            1 - 16 * torch.finfo(points.dtype).eps
        )  # rounding takes a little from a difference of large squares
        self.own = (points * points).sum(-1) * self.share

    def squared(self, place: torch.Tensor) -> torch.Tensor:
        """Squared distances (N,) from a place (3,), by rounding too small at most."""
        return torch.addmv(self.own, self.points, place, alpha=-2) + self.share * float(place @ place)


def _irradiance(scene, surface, hit, relief, time):
    light = scene.light
    points, normals = surface.points.view(-1, 3)[hit], surface.normals.view(-1, 3)[hit]
    vector, share = _towards_light(scene, points)
    facing = (relief * F.normalize(vector, dim=-1)).sum(-1, keepdim=True).clamp_min(0)
    if light.shadows:
        share = share * (
            1 - _shadow(scene, points + normals * 2e-3 * (1 + surface.depth.view(-1)[hit, None]), vector, time)
        )
    upwards = 0.5 - 0.5 * relief[:, 1:2]
    ambient = torch.lerp(points.new_tensor(light.ambient_down), points.new_tensor(light.ambient_up), upwards)
    return ambient * _openness(scene, points, normals, time) + facing * share * points.new_tensor(light.colour)


def _highlight(scene, surface, hit, relief):
    points, rays = surface.points.view(-1, 3)[hit], surface.rays.view(-1, 3)[hit]
    vector, share = _towards_light(scene, points)
    half = F.normalize(F.normalize(vector, dim=-1) - F.normalize(rays, dim=-1), dim=-1)
    return (relief * half).sum(-1, keepdim=True).clamp_min(0) ** 40 * share * points.new_tensor(scene.light.colour)


def _shadow(scene: Scene, points: torch.Tensor, vector: torch.Tensor, time: float) -> torch.Tensor:
    """1 where a body stands between the point and the light, else 0, (N, 1); the largest bodies cast."""
    shadow = torch.zeros_like(points[:, 0])
    casters = [body for body in scene.bodies if math.isfinite(body.bounding_radius) and body.material.emission == 0]
    casters = sorted(casters, key=lambda body: -body.bounding_radius)[:SHADOW_CASTERS]
    distance = vector.norm(dim=-1)
    direction = vector / distance[:, None]
    nearness, ahead = _Nearness(points), (points * direction).sum(-1)
    for body in casters:
        rotation, position = (torch.tensor(part).to(points) for part in body.pose(time))
        along = direction @ position - ahead
        gap = nearness.squared(position) - along.square() * (along > 0)
        near = torch.nonzero((gap < body.bounding_radius**2) & (shadow == 0))[:, 0]
        if len(near):
            t, _ = intersect(body, (points[near] - position) @ rotation, vector[near] @ rotation, 1e-7)
            shadow[near] = (t < 1).to(shadow) * (1 - 0.7 * body.material.holes)
    return shadow[:, None]


def _openness(scene: Scene, points: torch.Tensor, normals: torch.Tensor, time: float) -> torch.Tensor:
    """Share (N, 1) of the surrounding light that arrives past planes and round stand-ins of the bodies."""
    open_share = torch.ones_like(points[:, 0])
    radius = scene.light.occlusion_radius
    if radius <= 0:
        return open_share[:, None]
    nearness = _Nearness(points)
    for body in scene.bodies[:200]:
        rotation, position = body.pose(time)
        if body.shape == "plane":
            axis, origin = points.new_tensor(rotation[:, 2]), points.new_tensor(position)
            height = (points - origin) @ axis
            side = (-height.sign()[:, None] * axis * normals).sum(-1).clamp_min(-0.2) + 0.2
            closeness = torch.exp(-height.abs() / radius) * (height.abs() > 1e-3)
            open_share = open_share * (1 - 0.45 * side * closeness)
            continue
        size = min(body.half_size) * 0.5 + sorted(body.half_size)[1] * 0.5
        if not math.isfinite(size) or size > 4 * radius or body.shape == "terrain":
            continue
        position = points.new_tensor(position)
        near = torch.nonzero(nearness.squared(position) < (4 * size) ** 2)[:, 0]
        if len(near):
            towards = position - points[near]
            squared = (towards * towards).sum(-1)
            away = squared.clamp_min(size * size * 0.8)
            side = ((towards * normals[near]).sum(-1) / away.sqrt()).clamp_min(0)
            darker = 1 - (0.8 * side * size * size / away).clamp(0, 0.8)
            open_share[near] = torch.where(squared < (4 * size) ** 2, open_share[near] * darker, open_share[near])
    return open_share[:, None]


def _through_air(scene: Scene, surface: Surface, lit: torch.Tensor, noise: NoiseField) -> torch.Tensor:
    """The lit surfaces behind fog, and the sky where there are none."""
    rays = F.normalize(surface.rays, dim=-1)
    horizon, zenith = (rays.new_tensor(part) for part in (scene.sky.horizon, scene.sky.zenith))
    height = -rays[..., 1:2]
    sky = torch.lerp(horizon, zenith, height.clamp(0, 1) ** 0.6)
    if scene.sky.clouds > 0:
        flat = rays / (height.clamp_min(0) + CLOUD_HEIGHT) * scene.sky.cloud_scale
        flat = torch.stack([flat[..., 0], flat[..., 2], torch.full_like(flat[..., 0], 0.5)], -1)
        cover = noise.fractal(flat.reshape(-1, 3), 5).view(height.shape)
        cover = ((cover - (0.65 - 0.3 * scene.sky.clouds)) * 5).clamp(0, 1) * (height * 10).clamp(0, 1)
        sky = torch.lerp(sky, torch.full_like(sky, 0.9), cover)
    clear = surface.bodies[..., None] >= 0
    if scene.light.fog > 0:
        length = torch.where(clear, surface.depth[..., None], 0) * surface.rays.norm(dim=-1, keepdim=True)
        lit = torch.lerp(horizon.expand_as(lit), lit, torch.exp(-scene.light.fog * length))
    return torch.where(clear, lit, sky)
